import { fail } from "../errno.ts";
import type { NewFile } from "./inode.ts";
import { RamFile } from "./ram-file.ts";
import type { RamFs } from "./ram-fs.ts";

/** Seals of a file in memory (linux/fcntl.h): what may no longer be done to it. */
export const Seal = { seal: 1, shrink: 2, grow: 4, write: 8, futureWrite: 0x10, execute: 0x20 } as const;

/** A file of memfd_create(2): in no directory, and its content can be sealed. */
export class MemoryFile extends RamFile {
  seals: number;

  constructor(fs: RamFs, file: NewFile, seals: number) {
    super(fs, file);
    this.seals = seals;
  }

  override write(from: Uint8Array, position: number): number {
    if (from.length > 0) this.#check(Seal.write | Seal.futureWrite);
    if (position + from.length > this.sizeBytes) this.#check(Seal.grow);
    return super.write(from, position);
  }

  override truncate(sizeBytes: number): void {
    if (sizeBytes < this.sizeBytes) this.#check(Seal.shrink);
    if (sizeBytes > this.sizeBytes) this.#check(Seal.grow);
    super.truncate(sizeBytes);
  }

  override clear(start: number, end: number): void {
    this.#check(Seal.write | Seal.futureWrite);
    super.clear(start, end);
  }

  #check(seals: number): void {
    if ((this.seals & seals) !== 0) fail("EPERM");
  }
}
