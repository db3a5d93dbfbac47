import { fail } from "../errno.ts";
import type { Call } from "./call.ts";

/** Longest time Linux counts to, in milliseconds; anything longer means this (KTIME_MAX, linux/ktime.h: 2^63-1 ns). */
const TIME_MAX_MS = 9_223_372_036_854;

/** Reads a struct timespec (seconds, nanoseconds) as milliseconds: EINVAL when out of range (clock_nanosleep(2)). */
export function readTimespecMs(call: Call, address: number): number {
  const bytes = call.memory.read(address, 16);
  const seconds = Number(bytes.readBigInt64LE(0));
  const nanoseconds = Number(bytes.readBigInt64LE(8));
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= 1e9) fail("EINVAL");
  return Math.min(seconds * 1000 + nanoseconds / 1e6, TIME_MAX_MS);
}

/** Reads a struct timeval (seconds, microseconds) as milliseconds. */
export function readTimevalMs(call: Call, address: number): number {
  const bytes = call.memory.read(address, 16);
  const seconds = Number(bytes.readBigInt64LE(0));
  const microseconds = Number(bytes.readBigInt64LE(8));
  if (seconds < 0 || microseconds < 0 || microseconds >= 1e6) fail("EINVAL");
  return Math.min(seconds * 1000 + microseconds / 1e3, TIME_MAX_MS);
}

/** A struct timespec of this many nanoseconds. */
export function timespec(ns: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeBigInt64LE(ns / 1_000_000_000n, 0);
  bytes.writeBigInt64LE(ns % 1_000_000_000n, 8);
  return bytes;
}

/** A struct timeval of this many milliseconds. */
export function timeval(ms: number): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeBigInt64LE(BigInt(Math.floor(ms / 1000)), 0);
  bytes.writeBigInt64LE(BigInt(Math.floor((ms % 1000) * 1000)), 8);
  return bytes;
}

/** The scheduler's time this many milliseconds from now. */
export function deadlineIn(call: Call, ms: number): number {
  return call.kernel.clock.nowMs() + ms;
}
