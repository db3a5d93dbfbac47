import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox, type TracedCall } from "../../src/sandbox/index.ts";
import { kvmMissing } from "../kvm.ts";

/** The same program, watched by strace on the host and by a trace of the micro-VM. */

const place = mkdtempSync(join(tmpdir(), "ztl-strace-"));
after(() => rmSync(place, { recursive: true, force: true }));

const program = join(place, "calls");
const built = spawnSync("cc", ["-static", "-w", "-o", program, join(import.meta.dirname, "calls.c")]);
const watched = spawnSync("strace", ["-V"]);
const missing = kvmMissing() || (built.status === 0 && watched.status === 0 ? false : "SKIPPED: needs cc and strace");

/** The program says so itself. */
const BEGIN = /^lseek\(77, 8025196, SEEK_SET\)/;

/** From strace's lines: without explanations of errors, and its spaces before the result. */
function straceLines(): string[] {
  const log = join(place, "strace.txt");
  const cwd = mkdtempSync(join(place, "native-"));
  const { status, stderr } = spawnSync("strace", ["-o", log, "-s", "64", program], { cwd, encoding: "utf8" });
  assert.equal(status, 7, stderr);
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /^\w+\(/.test(line))
    .map((line) => line.replace(/\s+= /, " = ").replace(/ \([^()]*\)$/, ""));
}

const fromBegin = (lines: readonly string[]): readonly string[] =>
  lines.slice(lines.findIndex((line) => BEGIN.test(line))).map(alike);

/** Notations that are equally good. */
function alike(line: string): string {
  return line
    .replace(/\{tv_sec=(\d+), tv_nsec=(\d+)\}/g, "{$1, $2}")
    .replace("F_SETFD, FD_CLOEXEC", "F_SETFD, 0x1")
    .replace(/\bEBADF\b.*$/, "EBADF");
}

/** Buffers that a failed call did not fill in have addresses of their own in each world. */
const withoutAddresses = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/0x[0-9a-f]{6,}/g, "ADDRESS"));

describe("a trace and strace", { skip: missing }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ mounts: [{ kind: "ro", host: place, guest: "/place" }], cells: 1 });
  });
  after(() => sandbox?.close());

  test("write the same calls, arguments and results", async () => {
    const calls: TracedCall[] = [];
    const { status } = await sandbox.run(
      { tool: "exec", program: "/place/calls", cwd: "/tmp" },
      { trace: { onCall: (call) => calls.push(call) } },
    );
    assert.equal(status, "failed");
    const lines = fromBegin(calls.map(({ name, args, result }) => `${name}(${args}) = ${result}`));
    const native = fromBegin(straceLines());
    assert.ok(native.length > 35, native.join("\n"));
    assert.deepEqual(withoutAddresses(lines), withoutAddresses(native));
  });
});
