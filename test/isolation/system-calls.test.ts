import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { describe, test } from "node:test";
import { landlockHandles, landlockRuleset } from "../../src/vmm/host/landlock.ts";
import { launchTable } from "../../src/vmm/host/launcher/launch.ts";
import { ownFiles } from "../../src/vmm/host/launcher/own-files.ts";
import { ProgramFile } from "../../src/vmm/host/launcher/program-file.ts";
import type { CallTable } from "../../src/vmm/host/launcher/table.ts";
import { cellCalls } from "../../src/vmm/host/seccomp/cell-calls.ts";
import { filterProgram } from "../../src/vmm/host/seccomp/filter.ts";
import { availableLayers, type Layer } from "../../src/vmm/index.ts";

/*
 * Every number of a system call is tried behind both filters of a cell, with all arguments zero, by the thread that put them
 * up and by another that was there before: each in a process of its own, since most are its last. What they are run by is
 * the launcher's table, which needs no C library and no Node.
 */

/** asm/unistd_64.h */
const Call = { read: 0, write: 1, poll: 7, clone: 56, exitGroup: 231, pipe2: 293, seccomp: 317 } as const;
/** Above the highest number of the kernels there are (470 and some), with room for new ones. */
const NUMBERS = 512;
const X32_BIT = 0x4000_0000;

/** What a cell may call, by hand: this list and the product's are to be changed together and with a reason. */
const PASSES = new Set([
  0, 1, 3, 5, 7, 11, 12, 14, 15, 17, 20, 24, 35, 39, 60, 96, 98, 143, 145, 186, 201, 204, 217, 219, 223, 231, 232, 262,
  267, 281, 309, 318, 332,
]);
/** Passes with arguments that happen to be right when all are zero. */
const PASSES_WITH_ZEROS = new Set([
  257 /* openat: read-only, of a descriptor */, 302 /* asks */, 228 /* the system's clock */, 229, 230,
]);
/** mprotect(PROT_NONE) of nothing. */
PASSES_WITH_ZEROS.add(10);
/** Answered by the filter with an error. */
const REFUSED = new Set([89 /* readlink */]);

const THREAD = 0x50f00;
/** linux/seccomp.h: SET_MODE_FILTER; FILTER_FLAG_TSYNC. */
const SET_MODE_FILTER = 1;
const TSYNC = 1;
/** The ruleset's descriptor is free again when the steps begin. */
const PIPE = { read: 6, write: 8 } as const;

type Thread = "main" | "other";

function attempt(table: CallTable, number: number, thread: Thread): void {
  const filter = filterProgram(cellCalls(1), "kill");
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, filter.length / 8, true);
  header.setBigUint64(8, BigInt(table.bytes(filter)), true);
  const program = table.bytes(new Uint8Array(header.buffer));
  const byte = table.bytes(new Uint8Array(8));
  const close = () => table.call("close the door", Call.seccomp, [SET_MODE_FILTER, TSYNC, program]);
  const tryIt = () => {
    table.call("try", number, [0, 0, 0, 0, 0, 0], { onError: "next" });
    table.call("live on", Call.exitGroup, [0]);
  };
  if (thread === "main") {
    close();
    tryIt();
    return;
  }
  const child = table.newLabel();
  table.call("pipe", Call.pipe2, [table.bytes(new Uint8Array(8)), 0]);
  table.call("another thread", Call.clone, [THREAD, 0, 0, 0, 0], { onZero: child });
  close();
  table.call("tell the other", Call.write, [PIPE.write, byte, 1]);
  table.call("wait for the end", Call.poll, [0, 0, -1]);
  table.place(child);
  table.call("wait for the door", Call.read, [PIPE.read, byte, 1]);
  tryIt();
}

/** How a process ends that makes the call. */
async function outcome(number: number, thread: Thread, layers: ReadonlySet<Layer>): Promise<string> {
  const options = { program: undefined, argv: [], env: [], readable: [], own: ownFiles(), layers, fileBytesMax: 0 };
  const { program } = launchTable(options, (table) => attempt(table, number, thread));
  const file = new ProgramFile("ztl-attempt", program);
  const handled = layers.has("landlock") ? landlockHandles() : undefined;
  const nothing = openSync("/dev/null", "r");
  const ruleset = handled === undefined ? openSync("/dev/null", "r") : landlockRuleset(handled, []);
  try {
    const stdio = ["ignore", "ignore", "ignore", nothing, nothing, nothing, ruleset, nothing] as const;
    const report = openSync("/dev/null", "w");
    const child = spawn(file.path, [], {
      stdio: [...stdio.slice(0, 7), report, report, report, report] as never,
      detached: true,
      env: {},
    });
    closeSync(report);
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) => resolve(signal ?? `status ${status}`));
    });
  } finally {
    closeSync(nothing);
    closeSync(ruleset);
    file.close();
  }
}

/** By the table, and by what a call does when it passes. */
function expected(number: number): RegExp {
  if (number === 15) return /^SIGSEGV$/; // rt_sigreturn without a signal.
  // uretprobe and uprobe: the kernel's own return paths from probes, which newer ones (6.14) keep from every filter; outside
  // of a probe they end in SIGILL or an error, and do nothing.
  if (number === 335 || number === 336) return /^(SIGSYS|SIGILL|status 0)$/;
  const lives = PASSES.has(number) || PASSES_WITH_ZEROS.has(number) || REFUSED.has(number);
  return lives ? /^status 0$/ : /^SIGSYS$/;
}

const { available } = availableLayers();
const numbers = [
  ...Array.from({ length: NUMBERS }, (_, number) => number),
  ...[1000, 0xffff, 0x7fff_ffff, -1, X32_BIT, X32_BIT + 1, X32_BIT + 39, X32_BIT + 59, X32_BIT + 520],
];

describe("all system calls, behind a cell's filters", () => {
  for (const landlock of [true, false]) {
    for (const thread of ["main", "other"] as const) {
      const name = `from the ${thread} thread, ${landlock ? "with" : "without"} Landlock: what is not on the list kills`;
      const skip = landlock && !available.has("landlock") ? "SKIPPED: this kernel has no Landlock" : false;
      test(name, { skip }, async () => {
        const wanted: Layer[] = landlock ? ["user", "pid", "landlock"] : ["user", "pid"];
        const layers = new Set(wanted.filter((layer) => available.has(layer)));
        const wrong: string[] = [];
        for (let at = 0; at < numbers.length; at += 8) {
          await Promise.all(
            numbers.slice(at, at + 8).map(async (number) => {
              // A thread that leaves alone ends nothing: the other one then waits for ever.
              if (number === 60 && thread === "other") return;
              const found = await outcome(number, thread, layers);
              if (!expected(number).test(found)) wrong.push(`${number}: ${found}`);
            }),
          );
        }
        assert.deepEqual(wrong, []);
      });
    }
  }

  test("the product's list names these calls and no other", () => {
    const conditional = [9, 10, 16, 25, 28, 47, 157, 202, 228, 229, 230, 234, 257, 302];
    const named = cellCalls(1).map((rule) => rule.number);
    assert.deepEqual(
      named.sort((a, b) => a - b),
      [...PASSES, ...conditional, ...REFUSED].sort((a, b) => a - b),
    );
    const open = cellCalls(1)
      .filter((rule) => rule.otherwise === "allow")
      .map((rule) => rule.number);
    assert.deepEqual(
      open.sort((a, b) => a - b),
      [...PASSES].sort((a, b) => a - b),
    );
  });
});
