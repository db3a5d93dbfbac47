import { FileType, type Stat } from "../vfs/index.ts";
import { anonymousInode, anonymousStat, BLOCKED, Open, OpenFile, Poll } from "./open-file.ts";
import { BrokenPipe, PipeBuffer } from "./pipe.ts";

/** One end of a connected pair of stream sockets (socketpair(2), unix(7)): two pipes, crossed. */
export class SocketEnd extends OpenFile {
  readonly #incoming: PipeBuffer;
  readonly #outgoing: PipeBuffer;
  readonly #ino = anonymousInode();

  private constructor(incoming: PipeBuffer, outgoing: PipeBuffer, flags: number) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    incoming.readers++;
    outgoing.writers++;
  }

  static pair(flags: number): readonly [SocketEnd, SocketEnd] {
    const [a, b] = [new PipeBuffer(), new PipeBuffer()];
    return [new SocketEnd(a, b, flags), new SocketEnd(b, a, flags)];
  }

  get label(): string {
    return `socket:[${this.#ino}]`;
  }

  override stat(): Stat {
    return anonymousStat(FileType.socket | 0o777, this.#ino);
  }

  override get readableBytes(): number {
    return this.#incoming.queue.length;
  }

  override read(into: Uint8Array): number {
    if (this.#incoming.queue.length > 0) return this.#incoming.queue.pull(into);
    return this.#incoming.writers === 0 || this.#incoming.readers === 0 ? 0 : BLOCKED;
  }

  override canTake(): boolean {
    return this.#outgoing.readers === 0 || this.#outgoing.queue.room > 0;
  }

  override write(from: Uint8Array): number {
    if (this.#outgoing.readers === 0 || this.#outgoing.writers === 0) throw new BrokenPipe();
    const count = this.#outgoing.queue.push(from);
    return count === 0 && from.length > 0 ? BLOCKED : count;
  }

  /** shutdown(2): 0 ends reading, 1 writing, 2 both. */
  shutdown(how: number): void {
    if (how !== 1) this.#incoming.readers = 0;
    if (how !== 0) this.#outgoing.writers = 0;
  }

  override poll(): number {
    const ended = this.#incoming.writers === 0;
    const readable = this.#incoming.queue.length > 0 || ended ? Poll.in | Poll.rdNorm : 0;
    const writable = this.#outgoing.readers === 0 || this.#outgoing.queue.room > 0 ? Poll.out | Poll.wrNorm : 0;
    return readable | writable | (ended ? Poll.rdHup : 0) | (ended && this.#outgoing.readers === 0 ? Poll.hup : 0);
  }

  protected override closed(): void {
    this.#incoming.readers = 0;
    this.#outgoing.writers = 0;
  }
}
