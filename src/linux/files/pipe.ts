import type { Allowance } from "../allowance.ts";
import { BLOCKED } from "../blocked.ts";
import { LinuxError } from "../errno.ts";
import { FileType, type Location, type Owner, type Stat } from "../vfs/index.ts";
import { ByteQueue } from "./byte-queue.ts";
import { anonymousInode, anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

/** A pipe's usual capacity (pipe(7)). */
const PIPE_BYTES = 65_536;
/** Writes up to this size are atomic (PIPE_BUF, linux/limits.h). */
const PIPE_ATOMIC_BYTES = 4096;

/** Failure of a write nobody will read; the writer also gets SIGPIPE. */
export class BrokenPipe extends LinuxError {
  constructor() {
    super("EPIPE");
  }
}

/** What both ends of a pipe, or all openers of a named one, share. */
export class PipeBuffer {
  readonly queue: ByteQueue;
  readonly ino = anonymousInode();
  readonly owner: Owner;
  readers = 0;
  writers = 0;

  constructor(owner: Owner, allowance: Allowance) {
    this.owner = owner;
    this.queue = new ByteQueue(PIPE_BYTES, allowance);
  }

  /** One end less; without any, nobody can get at the bytes (pipe(7)). */
  ended(end: "readers" | "writers"): void {
    this[end]--;
    if (this.readers === 0 && this.writers === 0) this.queue.clear();
  }
}

export abstract class PipeEnd extends OpenFile {
  readonly pipe: PipeBuffer;

  constructor(pipe: PipeBuffer, flags: number, location?: Location) {
    super(flags, location);
    this.pipe = pipe;
  }

  get label(): string {
    return `pipe:[${this.pipe.ino}]`;
  }

  override stat(): Stat {
    return this.location?.inode.stat() ?? anonymousStat(FileType.fifo | 0o600, this.pipe.ino, this.pipe.owner);
  }

  override get readableBytes(): number {
    return this.pipe.queue.length;
  }

  override activity(events: number): number {
    const { arrivals, departures } = this.pipe.queue;
    return ((events & Poll.in) !== 0 ? arrivals : 0) + ((events & Poll.out) !== 0 ? departures : 0);
  }
}

export class PipeReader extends PipeEnd {
  constructor(pipe: PipeBuffer, flags = Open.readOnly as number, location?: Location) {
    super(pipe, flags, location);
    pipe.readers++;
  }

  override read(into: Uint8Array): number {
    if (this.pipe.queue.length > 0) return this.pipe.queue.pull(into);
    return this.pipe.writers === 0 ? 0 : BLOCKED;
  }

  override poll(): number {
    const data = this.pipe.queue.length > 0 ? Poll.in | Poll.rdNorm : 0;
    return data | (this.pipe.writers === 0 ? Poll.hup : 0);
  }

  protected override closed(): void {
    this.pipe.ended("readers");
  }
}

export class PipeWriter extends PipeEnd {
  constructor(pipe: PipeBuffer, flags = Open.writeOnly as number, location?: Location) {
    super(pipe, flags, location);
    pipe.writers++;
  }

  override canTake(length: number): boolean {
    if (this.pipe.readers === 0) return true;
    return length <= PIPE_ATOMIC_BYTES ? this.pipe.queue.room >= length : this.pipe.queue.room > 0;
  }

  override write(from: Uint8Array): number {
    if (this.pipe.readers === 0) throw new BrokenPipe();
    const count = this.pipe.queue.push(from);
    return count === 0 && from.length > 0 ? BLOCKED : count;
  }

  override poll(): number {
    if (this.pipe.readers === 0) return Poll.out | Poll.wrNorm | Poll.err;
    return this.pipe.queue.room >= PIPE_ATOMIC_BYTES ? Poll.out | Poll.wrNorm : 0;
  }

  protected override closed(): void {
    this.pipe.ended("writers");
  }
}

/** A named pipe opened for reading and writing at once (fifo(7)). */
export class PipeBoth extends PipeReader {
  constructor(pipe: PipeBuffer, flags: number, location?: Location) {
    super(pipe, flags, location);
    pipe.writers++;
  }

  override write(from: Uint8Array): number {
    const count = this.pipe.queue.push(from);
    return count === 0 && from.length > 0 ? BLOCKED : count;
  }

  override poll(): number {
    return super.poll() | (this.pipe.queue.room >= PIPE_ATOMIC_BYTES ? Poll.out | Poll.wrNorm : 0);
  }

  protected override closed(): void {
    super.closed();
    this.pipe.ended("writers");
  }
}
