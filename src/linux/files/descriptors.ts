import { fail } from "../errno.ts";
import type { OpenFile, OpenFileCount } from "./open-file.ts";

/** What an open descriptor counts as memory, beside the file: its place in the table. */
const DESCRIPTOR_BYTES = 64;

interface Descriptor {
  readonly file: OpenFile;
  readonly closeOnExec: boolean;
}

/** A process's file descriptor table. Descriptors are the lowest free number, as POSIX wants. */
export class Descriptors {
  readonly #table: (Descriptor | undefined)[] = [];
  readonly #count: OpenFileCount;
  /** RLIMIT_NOFILE: descriptors are below this. */
  limit: number;
  #users = 1;

  constructor(count: OpenFileCount, limit: number) {
    this.#count = count;
    this.limit = limit;
  }

  /** The open file, or EBADF. */
  get(descriptor: number): OpenFile {
    return this.#entry(descriptor).file;
  }

  peek(descriptor: number): OpenFile | undefined {
    return this.#table[descriptor]?.file;
  }

  #entry(descriptor: number): Descriptor {
    return this.#table[descriptor] ?? fail("EBADF");
  }

  /** Gives the file the lowest free descriptor from `minimum` on: EMFILE. */
  install(file: OpenFile, closeOnExec = false, minimum = 0): number {
    const descriptor = this.#firstFree(minimum);
    if (descriptor >= this.limit) {
      this.dispose(file);
      fail("EMFILE");
    }
    this.#enter(descriptor, file, closeOnExec);
    return descriptor;
  }

  /** The descriptor the next file gets: EMFILE. For calls that must not have begun when there is none. */
  lowestFree(): number {
    const descriptor = this.#firstFree(0);
    return descriptor < this.limit ? descriptor : fail("EMFILE");
  }

  /** A file nobody refers to is closed properly, so that its other end notices. */
  dispose(file: OpenFile): void {
    if (file.references === 0) file.retain(this.#count).release(this.#count);
  }

  #firstFree(minimum: number): number {
    let descriptor = minimum;
    while (this.#table[descriptor] !== undefined) descriptor++;
    return descriptor;
  }

  /** Puts the file at this very descriptor, closing what was there (dup2(2)). */
  place(descriptor: number, file: OpenFile, closeOnExec = false): void {
    if (descriptor < 0 || descriptor >= this.limit) fail("EBADF");
    const old = this.#table[descriptor];
    this.#enter(descriptor, file, closeOnExec);
    if (old) this.#leave(old.file);
  }

  close(descriptor: number): void {
    const { file } = this.#entry(descriptor);
    this.#table[descriptor] = undefined;
    this.#leave(file);
  }

  #enter(descriptor: number, file: OpenFile, closeOnExec: boolean): void {
    this.#count.allowance.charge(DESCRIPTOR_BYTES);
    this.#table[descriptor] = { file: file.retain(this.#count), closeOnExec };
  }

  #leave(file: OpenFile): void {
    this.#count.allowance.refund(DESCRIPTOR_BYTES);
    this.#count.locks.releaseRecordLocks(file, this);
    file.release(this.#count);
  }

  closeOnExec(descriptor: number): boolean {
    return this.#entry(descriptor).closeOnExec;
  }

  setCloseOnExec(descriptor: number, closeOnExec: boolean): void {
    this.#table[descriptor] = { ...this.#entry(descriptor), closeOnExec };
  }

  /** All open descriptors in order. */
  *all(): Generator<readonly [number, OpenFile, boolean]> {
    for (const [descriptor, entry] of this.#table.entries()) {
      if (entry !== undefined) yield [descriptor, entry.file, entry.closeOnExec];
    }
  }

  get length(): number {
    return this.#table.length;
  }

  share(): this {
    this.#users++;
    return this;
  }

  /** A table of its own for a process that shared one (execve(2)). */
  unshare(): Descriptors {
    if (this.#users === 1) return this;
    const copy = this.copy();
    this.release();
    return copy;
  }

  /** Lets go of the table; the last user closes everything. */
  release(): void {
    if (--this.#users > 0) return;
    for (const [descriptor] of [...this.all()]) this.close(descriptor);
  }

  copy(): Descriptors {
    const copy = new Descriptors(this.#count, this.limit);
    for (const [descriptor, file, closeOnExec] of this.all()) {
      copy.#enter(descriptor, file, closeOnExec);
    }
    return copy;
  }

  closeForExec(): void {
    for (const [descriptor, , closeOnExec] of [...this.all()]) if (closeOnExec) this.close(descriptor);
  }
}
