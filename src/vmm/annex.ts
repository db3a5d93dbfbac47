import { invariant } from "../errors.ts";
import { REGISTER_COUNT, Register } from "./cpu.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { AnnexBytes, AnnexVa, SystemPhysical } from "./layout.ts";
import { mapAnnex, type SyscallRing, writeSyscallEntry } from "./system-pages.ts";

/**
 * The annex: code of the layer above that system calls land in before they ring the doorbell, so that it may answer them inside
 * the guest. Its state is writable where it runs: in ring 3 the program's own to forge. Nothing here believes any of it.
 */

/** Where the code has its entry for each ring. */
const ENTRY: Readonly<Record<SyscallRing, number>> = { 3: 0, 0: 512 };

/** Where the annex keeps the registers of the call that it is about to answer, in the order of {@link Register}. */
const SAVED_REGISTERS = SystemPhysical.annexState;

/** Has system calls land in this code; in all machines made from an image of this one as well. */
export function installAnnex(memory: GuestMemory, code: Uint8Array, ring: SyscallRing): void {
  invariant(code.length <= AnnexBytes.code, "the annex fits its page");
  const { annexCode } = SystemPhysical;
  // `hlt` faults in ring 3, as in the stub's page.
  memory.bytes.fill(0xf4, annexCode, annexCode + AnnexBytes.code);
  memory.bytes.set(code, annexCode);
  memory.markWritten(annexCode, AnnexBytes.code);
  mapAnnex(memory, ring);
  writeSyscallEntry(memory, AnnexVa.code + ENTRY[ring]);
  memory.markWritten(SystemPhysical.syscallStub, 1);
}

export function isInAnnex(rip: number): boolean {
  return rip >= AnnexVa.code && rip < AnnexVa.code + AnnexBytes.code;
}

/** Whether a page fault is that of a call's argument. One at the annex's own code is a program's that jumped or wrote there. */
export function isUnanswered(rip: number, faultAddress: number): boolean {
  return isInAnnex(rip) && !isInAnnex(faultAddress);
}

/**
 * The program's registers as it made the call that the annex did not come to the end of; all but RIP and RFLAGS. Arguments that
 * lead to memory which is not there, or not yet, are the host's matter, from the beginning: the annex has done nothing of the
 * call. Who jumped there without a call, or wrote other registers there, asked for the call they make.
 */
export function takeSavedRegisters(memory: GuestMemory, registers32: Uint32Array): void {
  const first = SAVED_REGISTERS / 4;
  for (let half = 0; half < 2 * Register.rip; half++) registers32[half] = memory.words[first + half] as number;
  invariant(Register.rip === REGISTER_COUNT - 2, "all registers but the last two are saved");
}
