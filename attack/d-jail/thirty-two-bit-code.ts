import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** What ends a cell: the filter, or a processor or kernel that has no such entry. */
const ENDS = ["SIGSYS", "SIGILL", "SIGSEGV"];

/** getpid(2) by the numbers of 32-bit programs, which would come back if it were answered. */
const byEntry: Doing<{ how: "int80" | "sysenter"; other: boolean }> = (powers, { how, other }) =>
  other ? powers.onOtherThreads(powers.entryCode(how, 20, []), 1) : powers.enter(how, 20);

/** The same in a 32-bit code segment, into which a far return leads: by `int 0x80`, or by AMD's 32-bit `syscall`. */
const inCompatibilityMode: Doing<readonly number[]> = ({ call, koffi, run }, entry) => {
  // Private, anonymous, MAP_32BIT: which place is free there differs from process to process; then executable.
  const low = call(9, 0, 4096, 3, 0x62, -1, 0);
  if (low <= 0 || low >= 2 ** 31) return "no memory there";
  const address = (at: number): number[] => [0, 8, 16, 24].map((shift) => ((low + at) >>> shift) & 0xff);
  // mov eax, 20; the entry; and back: push 0x33; push the address behind; retf
  const code = [0xb8, 20, 0, 0, 0, ...entry, 0x6a, 0x33, 0x68, ...address(0x40), 0xcb];
  const bytes = new Uint8Array(koffi.view(BigInt(low), 4096));
  bytes.set(code);
  // 64-bit again: mov rsp, r12; pop r12; ret
  bytes.set([0x4c, 0x89, 0xe4, 0x41, 0x5c, 0xc3], 0x40);
  call(10, low, 4096, 7);
  // push r12; mov r12, rsp; mov esp, low + 0x800; push 0x23; push low; retfq
  return run(
    Uint8Array.from([
      ...[0x41, 0x54, 0x49, 0x89, 0xe4, 0xbc, ...address(0x800)],
      ...[0x6a, 0x23, 0x68, ...address(0), 0x48, 0xcb],
    ]),
  );
};

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over makes no system call as a 32-bit program, from 64-bit code or from 32-bit code, in any thread.",
  needs: ["kvm"],
  quick: true,
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      const ends = await Promise.all([
        ...(["int80", "sysenter"] as const).flatMap((how) =>
          [false, true].map((other) => captive.tries(byEntry, { how, other })),
        ),
        captive.tries(inCompatibilityMode, [0xcd, 0x80]),
        captive.tries(inCompatibilityMode, [0x0f, 0x05]),
      ]);
      for (const { ended, said } of ends) assert.ok(ENDS.includes(ended ?? ""), `answered: ${said}`);
      assert.ok(
        ends.some(({ ended }) => ended === "SIGSYS"),
        "no entry came to the filter",
      );
    }),
};
