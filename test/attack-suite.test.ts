import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, symlinkSync, utimesSync } from "node:fs";
import { connect } from "node:net";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Canaries, newSecret, plantFiles } from "../attack/canaries.ts";
import { findAttacks, loadAttack } from "../attack/discover.ts";
import { WEAKENINGS } from "../attack/weakened/weakenings.ts";
import { kvmMissing } from "./kvm.ts";

/** `npm run attack`: what every attack states is so, and those that take a moment only are tried. */

const root = fileURLToPath(new URL("..", import.meta.url));
const numbers = [...readFileSync(`${root}SPECIFICATION.md`, "utf8").matchAll(/^\| (\d+) \|/gm)].map(([, number]) =>
  Number(number),
);
const promises = new Set(numbers);
const attacks = await Promise.all(findAttacks().map(loadAttack));

function suite(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}attack/main.ts`, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("no two promises have the same number", () => {
  assert.deepEqual(
    numbers.filter((number, index) => numbers.indexOf(number) !== index),
    [],
  );
});

test("each attack names a promise that exists, and says in a sentence of its own what must happen", () => {
  assert.ok(promises.size >= 50);
  const sentences = new Map<string, string>();
  for (const { name, attack } of attacks) {
    assert.ok(promises.has(attack.promise), `${name}: SPECIFICATION.md has no promise ${attack.promise}`);
    assert.match(attack.must, /^[A-Z`"'].{20,}[.]$/s, name);
    assert.equal(sentences.get(attack.must), undefined, `${name} and ${sentences.get(attack.must)} say the same`);
    sentences.set(attack.must, name);
  }
});

test("the attacks that take a moment have no effect", { skip: kvmMissing() }, (context) => {
  const { status, stdout, stderr } = suite("--quick");
  context.diagnostic(stdout.slice(stdout.lastIndexOf("\nclass")));
  assert.equal(status, 0, stdout + stderr);
});

test("a wrong command line is told, with what there is", () => {
  const { status, stderr } = suite("--class");
  assert.equal(status, 2);
  assert.match(stderr, /--only NAME/);
  assert.equal(suite("--only", "no-such-attack").status, 2);
});

test("the list is JSON where asked for", () => {
  const { status, stdout } = suite("--list", "--json");
  assert.equal(status, 0);
  assert.equal((JSON.parse(stdout) as unknown[]).length, attacks.length);
});

test("the canaries tell of everything that is done to them", async () => {
  const acts: Readonly<Record<string, (canaries: Canaries) => void>> = {
    append: ({ writableFile }) => appendFileSync(writableFile, "x"),
    touch: ({ secretFile }) => utimesSync(secretFile, 1, 1),
    rename: ({ directory }) => renameSync(join(directory, "deep"), join(directory, "depth")),
    "a new link": ({ directory }) => symlinkSync("/", join(directory, "open", "root")),
    "a connection": ({ port }) => connect(port, "127.0.0.1").on("error", () => {}),
    "a connection to a named socket": ({ socketPath }) => connect(socketPath).on("error", () => {}),
    "a killed process": ({ victim }) => victim.kill("SIGKILL"),
    "another priority": ({ victim }) => setPriority(victim.pid as number, 5),
  };
  for (const [name, act] of Object.entries(acts)) {
    const directory = mkdtempSync(join(tmpdir(), "ztl-canaries-"));
    const secret = newSecret();
    plantFiles(directory, secret);
    const canaries = await Canaries.place(directory, secret);
    assert.deepEqual(canaries.problems(), [], name);
    act(canaries);
    for (let waitedMs = 0; canaries.problems().length === 0 && waitedMs < 5000; waitedMs += 20) await sleep(20);
    assert.notDeepEqual(canaries.problems(), [], name);
    canaries.remove();
  }
});

test("each wall that is taken out of a copy stands in the product, and the attacks that must notice exist", () => {
  const names = new Set(attacks.map(({ name }) => name));
  for (const { className, edits, attacks: tried } of WEAKENINGS) {
    // A class whose attacks are not in this tree is not tried.
    if (!attacks.some((attack) => attack.className === className)) continue;
    for (const { file, find } of edits)
      assert.equal(readFileSync(`${root}${file}`, "utf8").split(find).length, 2, `${className}: ${file}`);
    for (const attack of tried) assert.ok(names.has(`${className}/${attack}`), `${className}/${attack}`);
  }
});

test("attacks notice that a wall is gone", () => {
  const { status, stdout, stderr } = suite("--weakened", "--class", "k,j", "--json");
  assert.equal(status, 0, stdout + stderr);
  const { weakened, untried } = JSON.parse(stdout) as { weakened: { effects: string[] }[]; untried: string[] };
  assert.deepEqual(untried, []);
  assert.ok(weakened.length >= 2 && weakened.every(({ effects }) => effects.length > 0));
});
