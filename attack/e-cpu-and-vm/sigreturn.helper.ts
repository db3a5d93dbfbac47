import { CODE_ADDRESS, DATA_ADDRESS, hex } from "../../test/attack/elf.ts";
import { movRsp } from "./assembly.helper.ts";

/** Forged signal frames: rt_sigreturn(2) takes all registers from the stack, so that a program can ask for any. */

/** The context, with room for the return address that `ret` has taken off the frame before it. */
const CONTEXT = 16;
/** Offsets in `struct ucontext` (asm/ucontext.h, asm/sigcontext.h); the stack points to it when the call is made. */
const Offset = { rsp: 160, rip: 168, flags: 176, cs: 184, ss: 190, fpstate: 224 } as const;
/** Bytes of the code before what is returned to. */
const ENTRY_BYTES = 17;
export const LANDING = CODE_ADDRESS + ENTRY_BYTES;

export interface ForgedFrame {
  readonly rip?: bigint;
  readonly rsp?: bigint;
  readonly flags?: bigint;
  readonly cs?: number;
  readonly ss?: number;
  readonly fpstate?: bigint;
}

/** The data segment of a program that returns through it: a frame, and room for a floating-point state at 1024. */
export function forgedFrame(frame: ForgedFrame, fpstate: Uint8Array = new Uint8Array(0)): Buffer {
  const data = Buffer.alloc(8192);
  const { rip = BigInt(LANDING), rsp = BigInt(DATA_ADDRESS + 0x8000), flags = 0x202n, cs = 0x33, ss = 0x2b } = frame;
  for (const [offset, value] of [
    [Offset.rip, rip],
    [Offset.rsp, rsp],
    [Offset.flags, flags],
    [Offset.fpstate, frame.fpstate ?? 0n],
  ] as const)
    data.writeBigUInt64LE(BigInt.asUintN(64, value), CONTEXT + offset);
  data.writeUInt16LE(cs, CONTEXT + Offset.cs);
  data.writeUInt16LE(ss, CONTEXT + Offset.ss);
  data.set(fpstate, 1024);
  return data;
}

export const FPSTATE_ADDRESS = BigInt(DATA_ADDRESS + 1024);

/** A program that makes the call on its data segment; `landing` is what an honest frame returns to. */
export function returning(landing: string): Buffer {
  return hex(`${movRsp(DATA_ADDRESS + CONTEXT)} b80f000000 0f05 ${landing}`);
}
