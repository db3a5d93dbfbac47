import assert from "node:assert/strict";
import { linkSync, lstatSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../../test/kvm.ts";
import { Sandbox } from "./index.ts";
import { TEST_CACHE } from "./testing.ts";

const EARLIEST = -(2n ** 63n);
const LATEST = 2n ** 63n - 1n;
const YEAR_2300_S = 10_413_792_000;
const YEAR_9999_MS = 253_402_300_799_000;

/** Python that sets a time with a system call: its number, and four words, behind an address where there is one. */
const SET = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
open('/m/f', 'w').close()
def set(number, *words):
  at = (ctypes.c_long * len(words))(*words)
  path = ctypes.c_char_p(b'/m/f')
  return libc.syscall(280, -100, path, at, 0) if number == 280 else libc.syscall(number, path, at)
`;
const SECONDS_MAX = "2**63 - 1";

/** What a guest sets, with the time the file has then. */
const TIMES: readonly (readonly [string, bigint])[] = [
  [`set(280, ${SECONDS_MAX}, 999999999, ${SECONDS_MAX}, 999999999)`, LATEST],
  ["set(280, -2**63, 0, -2**63, 0)", EARLIEST],
  [`set(235, ${SECONDS_MAX}, 999999, ${SECONDS_MAX}, 999999)`, LATEST],
  [`set(132, ${SECONDS_MAX}, ${SECONDS_MAX})`, LATEST],
  ["set(132, -2**63, -2**63)", EARLIEST],
  ["set(280, 0, 0, -1, 999999999)", -1n],
  ["os.utime('/m/f', ns=(0, 2**63 - 1))", LATEST],
  ["os.utime('/m/f', ns=(0, -2**63))", EARLIEST],
  ["os.utime('/m/f', ns=(0, 2**63))", LATEST],
];

/** The host's check of a result refuses no time that a guest, its clock or the host's files can have. */
describe("times of files that no file system knows", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-file-times-"));
  const lost: unknown[] = [];
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host, guest: "/m" }],
      onEvent: (event) => event.type === "cell-lost" && lost.push(event),
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
    assert.deepEqual(lost, []);
  });

  for (const [code, expected] of TIMES)
    test(code, async () => {
      const look = "print(os.stat('/m/f').st_mtime_ns)";
      const result = await sandbox.run({ tool: "python", code: `${SET}${code}\n${look}` });
      assert.equal(result.status, "ok", JSON.stringify(result.status === "error" ? result.error : result.stderrText));
      assert.equal(result.stdoutText, `${expected}\n`);
      assert.equal(result.changes.find(({ path }) => path === "/m/f")?.mtimeNs, expected.toString());
    });

  test("a clock that is set to the year 9999", async () => {
    const deterministic = { seed: "00".repeat(16), clockMs: YEAR_9999_MS };
    const call = { tool: "shell", code: "echo x > /m/new; mkdir /m/d; mkfifo /m/p; ln -s a /m/l; touch /m/t" } as const;
    const result = await sandbox.run(call, { deterministic });
    assert.equal(result.status, "ok", JSON.stringify(result.status === "error" ? result.error : result.stderrText));
    assert.equal(result.changes.length, 5);
    assert.equal(result.changes.find(({ path }) => path === "/m/new")?.mtimeNs, LATEST.toString());
  });

  test("a file of the host from the year 2300 that a guest changes, moves and copies", async (t) => {
    for (const name of ["moved", "changed", "copied"]) {
      writeFileSync(join(host, name), "x");
      utimesSync(join(host, name), YEAR_2300_S, YEAR_2300_S);
    }
    if (lstatSync(join(host, "moved"), { bigint: true }).mtimeMs !== BigInt(YEAR_2300_S) * 1000n)
      return t.skip("the file system of the temporary directory knows no such year");
    const code = "cd /m; mv moved there; chmod 600 changed; cp -p copied again";
    const result = await sandbox.run({ tool: "shell", code });
    assert.equal(result.status, "ok", JSON.stringify(result.status === "error" ? result.error : result.stderrText));
    assert.deepEqual(result.changes.map(({ path }) => path).sort(), ["/m/again", "/m/changed", "/m/moved", "/m/there"]);
  });

  test("a time that is set is a change; the same time is none, and a content that is written once more", async () => {
    const at = 1_000_000_000;
    const names = ["touched", "dated", "same", "rewritten", "replaced", "linked", "read"];
    for (const name of names) {
      writeFileSync(join(host, name), name);
      utimesSync(join(host, name), at, at);
    }
    linkSync(join(host, "linked"), join(host, "linked-too"));
    const code = [
      "cd /m; touch touched linked; touch -d @5 dated; touch -d @1000000000 same; cat read",
      "printf rewritten > rewritten; cp -p replaced new; touch -d @7 new; mv new replaced",
    ].join("\n");
    const result = await sandbox.run({ tool: "shell", code });
    assert.equal(result.status, "ok", JSON.stringify(result.status === "error" ? result.error : result.stderrText));
    const changed = result.changes.filter(({ path }) => /touch|dated|same|re|linked/.test(path));
    const told = changed.map(({ path, kind, metadataOnly }) => `${kind} ${path} ${metadataOnly}`);
    const expected = ["dated", "linked", "linked-too", "replaced", "touched"];
    assert.deepEqual(
      told,
      expected.map((name) => `modify /m/${name} true`),
    );
    const timeOf = (name: string) => changed.find(({ path }) => path === `/m/${name}`)?.mtimeNs;
    assert.deepEqual([timeOf("dated"), timeOf("replaced")], ["5000000000", "7000000000"]);
  });
});
