import { closeSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../../base/temporary-directory.ts";
import { duplicateFd, executableMemfd, sealMemfd } from "../memfd.ts";

/** Descriptors below are moved about when a child is started; it must still be there when it executes the program. */
const DESCRIPTOR_MIN = 64;

/** A program that exists only for its owner: in memory, sealed, or where that is forbidden in a private file. */
export class ProgramFile {
  /** What to execute: by a descriptor that the child still has at that moment. */
  readonly path: string;
  readonly #fd: number | undefined;
  readonly #directory: string | undefined;

  constructor(name: string, bytes: Uint8Array) {
    const fd = executableMemfd(name);
    if (fd !== undefined) {
      this.#fd = high(fd);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
      sealMemfd(this.#fd);
      this.path = `/proc/self/fd/${this.#fd}`;
      return;
    }
    // vm.memfd_noexec=2 (sysctl) forbids programs in memory.
    this.#directory = temporaryDirectory(`${name}-`);
    this.path = join(this.#directory, name);
    writeFileSync(this.path, bytes, { mode: 0o500, flag: "wx" });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }
}

function high(fd: number): number {
  try {
    return duplicateFd(fd, DESCRIPTOR_MIN);
  } finally {
    closeSync(fd);
  }
}
