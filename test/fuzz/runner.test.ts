import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

/** The runner finds what is planted, keeps the input, and the kept input shows the fault again. */

const MAIN = fileURLToPath(new URL("../../fuzz/main.ts", import.meta.url));
const PLANTED = fileURLToPath(new URL("planted", import.meta.url));

describe("the runner of the fuzzers", () => {
  const finds = mkdtempSync(join(tmpdir(), "ztl-finds-"));
  after(() => rmSync(finds, { recursive: true, force: true }));

  function run(...args: string[]) {
    const options = ["--fuzzers", PLANTED, "--finds", finds, "--patience", "1500"];
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", MAIN, ...args, ...options], {
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  }

  for (const name of ["throws", "dies", "hangs"]) {
    test(`finds an input that ${name}`, () => {
      const { status, stdout } = run(name, "--seconds", "5", "--seed", "1");
      assert.equal(status, 1, stdout);
      const found = readdirSync(finds).filter((file) => file.startsWith(name) && file.endsWith(".bin"));
      assert.ok(found.length > 0, stdout);
      for (const file of found) assert.equal(readFileSync(join(finds, file))[0], 7);
      assert.match(readFileSync(join(finds, (found[0] as string).replace(".bin", ".txt")), "utf8"), /--replay/);
    });
  }

  test("a kept input shows the fault again", () => {
    const kept = readdirSync(finds).find((file) => file.startsWith("throws") && file.endsWith(".bin")) as string;
    const { status, stderr } = run("throws", "--replay", join(finds, kept));
    assert.equal(status, 1);
    assert.match(stderr, /planted/);
  });

  test("the same seed makes the same inputs", () => {
    const names = () => readdirSync(finds).filter((file) => file.startsWith("throws"));
    const before = names();
    run("throws", "--seconds", "5", "--seed", "1");
    assert.deepEqual(names(), before);
  });

  test("a find of many steps becomes one of those that it takes", () => {
    const path = join(finds, "many.bin");
    writeFileSync(
      path,
      Uint8Array.from({ length: 200 }, (_, i) => i % 11),
    );
    const { status, stdout } = run("steps", "--shrink", path);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /planted[\s\S]*2 pieces are enough/);
    assert.deepEqual([...readFileSync(`${path}.small`)], [7, 9]);
    assert.match(run("steps", "--replay", `${path}.small`).stderr, /planted/);
  });

  test("what does not fail is not made smaller", () => {
    const path = join(finds, "harmless.bin");
    writeFileSync(path, Uint8Array.of(1, 2, 3));
    assert.match(run("steps", "--shrink", path).stdout, /what must hold holds/);
    assert.equal(existsSync(`${path}.small`), false);
  });

  test("lists what there is", () => {
    assert.match(run("--list").stdout, /^dies .*\nhangs .*\nsteps .*\nthrows .*\n$/);
  });
});
