import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PACKAGE_ROOT } from "../../base/package-root.ts";
import { formatPublicKey } from "../../ledger/index.ts";
import { openTestLoop, received, talk } from "../testing.ts";

/** Checked as an auditor would: by its own program, in an empty directory. */

const directory = mkdtempSync(join(tmpdir(), "ztl-case-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const place = join(directory, "case.mjs");
let text = "";
let key = "";
let runId = "";
/** Ends a comment, looks like the mark, and cannot be part of an entry, as it is too long. */
const HOSTILE = `*/ process.exit(0); /* ztl-case-v1\n*/\n\u001b[2J ${"long ".repeat(3000)}`;

before(async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  await received(talk(loop, "writer", "other"), "mail", "before");
  ({ runId } = await received(talk(loop, "reader", "seven"), "fetch", HOSTILE));
  await talk(loop, "reader", "seven").said({ text: "*/ read \u2028" });
  await received(talk(loop, "writer", "other"), "mail", "after");
  const made = await loop.records.exportCase({ conversation: "seven" });
  assert.ok(made);
  assert.ok(made.entries >= 5 && made.contents >= 1);
  assert.equal(made.omitted, 0);
  ({ text } = made);
  key = formatPublicKey(loop.ledger.publicKey);
  assert.equal(await loop.records.exportCase({ conversation: "none" }), undefined);
  assert.ok(await loop.records.exportCase({ runId }));
});

function check(content: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  writeFileSync(place, content);
  return spawnSync(process.execPath, [place, ...args], { encoding: "utf8", cwd: directory, env: {} });
}

test("a case checks itself, with nothing of ours at hand", () => {
  const { status, stdout, stderr } = check(text, "--key", key);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^Whole: \d+ entries of ledger [0-9a-f]{32}, \d+ contents\.\nSigned by ed25519:/m);
  assert.ok(stdout.includes(runId.slice(0, 8)));
  assert.doesNotMatch(text, /import .* from "(?!node:)/);
});

test("so does a copy of the verifier that came another way", () => {
  mkdirSync(join(directory, "own"), { recursive: true });
  const own = join(directory, "own", "verify-case.mjs");
  cpSync(new URL("bin/verify-case.mjs", PACKAGE_ROOT), own);
  writeFileSync(place, text);
  assert.equal(spawnSync(process.execPath, [own, place, "--key", key], { env: {} }).status, 0);
  assert.equal(spawnSync(process.execPath, [own], { env: {} }).status, 1);
});

test("entries and contents can be read, and do nothing to a terminal", () => {
  const index = /^ +(\d+) .* call /m.exec(check(text).stdout)?.[1] ?? "";
  assert.match(check(text, "--entry", index).stdout, /"tool": "fetch"/);
  const sha256 = /"contents":\{"([0-9a-f]{64})"/.exec(text)?.[1] ?? "";
  assert.ok(check(text, "--content", sha256).stdout.includes("long long"));
  const small =
    /\\"sha256\\":\\"([0-9a-f]{64})\\",\\"base64\\"|\\"base64\\":\\"[^"]*\\",\\"sha256\\":\\"([0-9a-f]{64})/.exec(text);
  assert.notEqual(check(text, "--content", small?.[1] ?? small?.[2] ?? "").stdout, "");
  for (const args of [
    ["--entry", ""],
    ["--entry", "9999"],
    ["--content", "0".repeat(64)],
  ])
    assert.equal(check(text, ...args).status, 1, args.join(" "));
  for (const args of [[], ["--entry", index]])
    assert.doesNotMatch(check(text, ...args).stdout.replaceAll("\n", ""), /[\p{Cc}\u2028]/u);
});

/** The case with something else in its data. */
function changedCases(): Readonly<Record<string, string>> {
  const data = text.slice(text.lastIndexOf("\n/* ztl-case-v1\n"));
  const changes: Readonly<Record<string, string>> = {
    "another tool": data.replace('\\"tool\\":\\"fetch\\"', '\\"tool\\":\\"other\\"'),
    "another time": data.replace(/\\"time\\":\\"20(\d\d)/, '\\"time\\":\\"19$1'),
    "another place": data.replace(/\\"index\\":(\d+)/, (_, index: string) => `\\"index\\":${Number(index) + 1}`),
    "another path": data.replace(/"path":\["([0-9a-f])/, (_, digit: string) => `"path":["${digit === "0" ? "1" : "0"}`),
    "a longer ledger": data.replace(/ size=\d+ /, " size=4000 "),
    "another content": data.replace(/("contents":\{"[0-9a-f]{64}":")..../, "$1AAAA"),
    "no content": data.replace(/"contents":\{[^}]*\}/, '"contents":{}'),
  };
  for (const [what, changed] of Object.entries(changes)) assert.notEqual(changed, data, what);
  const program = text.slice(0, -data.length);
  return Object.fromEntries(Object.entries(changes).map(([what, changed]) => [what, program + changed]));
}

test("whatever was changed is found", () => {
  for (const [what, changed] of Object.entries(changedCases())) {
    const { status, stdout } = check(changed, "--key", key);
    assert.deepEqual([status, /^DAMAGED/m.test(stdout)], [1, true], `${what}: ${stdout}`);
  }
  const other = `ed25519:${"A".repeat(43)}`;
  assert.equal(check(text, "--key", other).status, 1);
});

test("nothing is printed of a case that does not hold, one entry or one content neither", () => {
  const index = /^ +(\d+) .* call /m.exec(check(text).stdout)?.[1] ?? "";
  const sha256 = /"contents":\{"([0-9a-f]{64})"/.exec(text)?.[1] ?? "";
  for (const [what, changed] of Object.entries(changedCases()))
    for (const args of [
      ["--entry", index],
      ["--content", sha256],
    ]) {
      const { status, stdout } = check(changed, ...args);
      assert.deepEqual([status, /^DAMAGED/.test(stdout)], [1, true], `${what}: ${stdout}`);
      assert.doesNotMatch(stdout, /"kind"|long long/, what);
    }
});

test("a content that no entry names is none of the case", () => {
  const own = Buffer.from("put in afterwards");
  const name = createHash("sha256").update(own).digest("hex");
  const changed = text.replace(/("contents":\{)/, `$1"${name}":"${own.toString("base64")}",`);
  const { status, stdout } = check(changed, "--content", name);
  assert.deepEqual([status, stdout.includes("afterwards")], [1, false]);
});

test("whatever somebody writes into a case does nothing to a terminal", () => {
  const hostile = "\\u001b[2J\\u202e\\u2028\\u009b";
  const inEntry = hostile.replaceAll("\\", "\\\\");
  const at = text.lastIndexOf("\n/* ztl-case-v1\n");
  const data = text.slice(at);
  const changes = [
    ...["kind", "time", "agent", "runId", "sha256", "base64"].map((name) =>
      data.replaceAll(new RegExp(`(\\\\"${name}\\\\":\\\\")`, "g"), `$1${inEntry}`),
    ),
    data.replaceAll(/\\"index\\":\d+/g, `\\"index\\":\\"${inEntry}\\"`),
    data.replace('"publicKey":"', `"publicKey":"${hostile}`),
    data.replace('"head":"', `"head":"${hostile}`),
    data.replace('"text":"', `"text":"${hostile}\u001b[2J`),
    data.replace('"entries":', '"\u001b[2J":'),
    data.replace("{", "\u001b[2J{"),
  ];
  for (const changed of changes) {
    assert.notEqual(changed, data);
    for (const args of [[], ["--entry", "\u001b[2J"], ["--content", "\u001b[2J"], ["--key", "\u001b[2J"]]) {
      const { status, stdout, stderr } = check(text.slice(0, at) + changed, ...args);
      assert.equal(status, 1, stdout);
      assert.match(stdout + stderr, /^[\n -~]*$/);
    }
  }
});

test("the program of a case is the one of this package, to the byte", () => {
  const verifier = readFileSync(new URL("bin/verify-case.mjs", PACKAGE_ROOT), "utf8");
  assert.ok(text.startsWith(`${verifier}\n/* ztl-case-v1\n`));
});
