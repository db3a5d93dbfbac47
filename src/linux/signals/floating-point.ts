import { Vector } from "../../vmm/index.ts";

/** FPE_* codes (asm-generic/siginfo.h). */
export const FloatingPointCode = {
  intDivide: 1,
  divide: 3,
  overflow: 4,
  underflow: 5,
  inexact: 6,
  invalid: 7,
  subscript: 8,
} as const;

/** Offsets in the legacy part of an FPU image (Intel SDM vol. 1, 10.5.1). */
const CONTROL_WORD = 0;
const STATUS_WORD = 2;
const MXCSR = 24;

/** Says which floating-point error the FPU image shows: exceptions that happened and are not masked. */
export function floatingPointCode(vector: number, fpu: Uint8Array): number {
  const image = Buffer.from(fpu.buffer, fpu.byteOffset, 32);
  const mxcsr = image.readUInt32LE(MXCSR);
  // MXCSR holds its masks seven bits above the flags; x87 has a word for each.
  const flags =
    vector === Vector.simd
      ? mxcsr & ~(mxcsr >>> 7)
      : image.readUInt16LE(STATUS_WORD) & ~image.readUInt16LE(CONTROL_WORD);
  if ((flags & 0x01) !== 0) return FloatingPointCode.invalid;
  if ((flags & 0x04) !== 0) return FloatingPointCode.divide;
  if ((flags & 0x08) !== 0) return FloatingPointCode.overflow;
  // A denormal operand counts as underflow, as on Linux.
  if ((flags & 0x12) !== 0) return FloatingPointCode.underflow;
  return (flags & 0x20) !== 0 ? FloatingPointCode.inexact : FloatingPointCode.invalid;
}
