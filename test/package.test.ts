import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "./kvm.ts";

/** The package as a user gets it: packed, put beside its dependencies, and used from there. */
suite("the packed package", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const place = mkdtempSync(join(tmpdir(), "ztl-package-"));
  const installed = join(place, "node_modules", "zero-trust-loop");
  const env = { ...process.env, XDG_STATE_HOME: join(place, "state") };
  after(() => rmSync(place, { recursive: true, force: true }));

  before(() => {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", place], { cwd: root, stdio: "pipe" });
    mkdirSync(installed, { recursive: true });
    execFileSync("sh", ["-c", `tar xzf zero-trust-loop-*.tgz --strip-components=1 -C ${installed}`], { cwd: place });
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    // Native parts of a dependency come as packages of their own, beside it.
    for (const name of [...Object.keys(dependencies), "@koromix", "sqlite-vec-linux-x64", "@langchain"]) {
      const link = join(place, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, "node_modules", name), link);
    }
  });

  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: place, encoding: "utf8", env });

  test("holds no tests", () => {
    const files = execFileSync("find", [installed, "-name", "*test*"], { encoding: "utf8" });
    assert.equal(files, "");
  });

  test("its command runs", () => {
    const { stdout, status, stderr } = run(join(installed, "bin", "ztl.js"), "--version");
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test("what it exports can be imported", () => {
    const code =
      'const a = await import("zero-trust-loop"), b = await import("zero-trust-loop/langchain"); console.log(typeof a.ZeroTrustLoop, typeof a.Sandbox, typeof b.GuardedVectorStore)';
    const { stdout, stderr } = run("--input-type=module", "-e", code);
    assert.equal(stdout, "function function function\n", stderr);
  });

  test("the demo runs from it, page and all", { skip: kvmMissing() }, () => {
    const { stdout, stderr, status } = run(join(installed, "bin", "ztl.js"), "demo", "--json", "--fast");
    assert.equal(status, 0, stderr + stdout);
  });
});
