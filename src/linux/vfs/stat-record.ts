import type { Stat } from "./inode.ts";

/** The unit of reading and writing that files are said to have. */
export const BLOCK_BYTES = 4096;
/** struct stat (asm/stat.h, x86-64). */
export const STAT_BYTES = 144;

const NS_PER_SECOND = 1_000_000_000n;

/** Whole seconds and the nanoseconds after them, the latter never negative. */
export function splitTime(ns: bigint): [seconds: bigint, nanoseconds: number] {
  const rest = ns % NS_PER_SECOND;
  return rest < 0n ? [ns / NS_PER_SECOND - 1n, Number(rest + NS_PER_SECOND)] : [ns / NS_PER_SECOND, Number(rest)];
}

/** Writes a struct stat: all of its {@link STAT_BYTES}. */
export function writeStat(stat: Stat, view: DataView, at: number): void {
  writeWide(view, at, stat.dev);
  writeWide(view, at + 8, stat.ino);
  writeWide(view, at + 16, stat.nlink);
  view.setUint32(at + 24, stat.mode, true);
  view.setUint32(at + 28, stat.uid, true);
  view.setUint32(at + 32, stat.gid, true);
  view.setUint32(at + 36, 0, true);
  writeWide(view, at + 40, stat.rdev);
  writeWide(view, at + 48, stat.sizeBytes);
  writeWide(view, at + 56, BLOCK_BYTES);
  writeWide(view, at + 64, Math.ceil(stat.blocks));
  writeTime(view, at + 72, stat.atimeNs);
  writeTime(view, at + 88, stat.mtimeNs);
  writeTime(view, at + 104, stat.ctimeNs);
  for (let rest = at + 120; rest < at + STAT_BYTES; rest += 4) view.setUint32(rest, 0, true);
}

/** A number that is no fraction and not negative, in 64 bits. */
function writeWide(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value / 0x1_0000_0000, true);
}

function writeTime(view: DataView, at: number, ns: bigint): void {
  const [seconds, nanoseconds] = splitTime(ns);
  view.setBigInt64(at, seconds, true);
  writeWide(view, at + 8, nanoseconds);
}
