import type { Call } from "./call.ts";

const PAGE_MASK = 0xfffn;
/** One more than the highest address that 64 bits can name. */
const ADDRESSES = 1n << 64n;

/** Whole pages that a call names. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
  /** The range goes on behind the highest address there can be. */
  readonly isBeyondAddresses: boolean;
}

/**
 * The pages around the bytes that a call's first two arguments name. A length within a page of 2^64 is rounded up to
 * nothing, as Linux rounds it (PAGE_ALIGN, linux/mm.h).
 */
export function addressRange(call: Call): AddressRange {
  const offset = call.bits(0) & PAGE_MASK;
  const start = call.bits(0) - offset;
  const bytes = BigInt.asUintN(64, call.bits(1) + offset + PAGE_MASK) & ~PAGE_MASK;
  const end = start + bytes;
  return { start: Number(start), end: Number(end), isBeyondAddresses: bytes > 0n && end >= ADDRESSES };
}
