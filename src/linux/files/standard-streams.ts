import { BLOCKED } from "../blocked.ts";
import { LimitReached } from "../limits.ts";
import { FileType, type Owner, type Stat } from "../vfs/index.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { anonymousInode, anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

/** What the run wrote to its standard output and standard error, bounded together. */
export class Output {
  readonly #limitBytes: number;
  readonly #written = { stdout: new GrowingBytes(), stderr: new GrowingBytes() };
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  append(stream: "stdout" | "stderr", from: Uint8Array): void {
    const part = from.subarray(0, this.#limitBytes - this.#bytes);
    this.#written[stream].append(part);
    this.#bytes += part.length;
    if (part.length < from.length) throw new LimitReached("output");
  }

  get stdout(): Buffer {
    return this.#written.stdout.take();
  }

  get stderr(): Buffer {
    return this.#written.stderr.take();
  }
}

/** Descriptor 1 or 2 of the first process: a pipe to the host, as far as the guest can tell. */
export class OutputFile extends OpenFile {
  readonly stream: "stdout" | "stderr";
  readonly #output: Output;
  readonly #ino = anonymousInode();
  readonly #owner: Owner;

  constructor(output: Output, stream: "stdout" | "stderr", owner: Owner) {
    super(Open.writeOnly);
    this.#owner = owner;
    this.#output = output;
    this.stream = stream;
  }

  get label(): string {
    return `pipe:[${this.#ino}]`;
  }

  override stat(): Stat {
    return anonymousStat(FileType.fifo | 0o600, this.#ino, this.#owner);
  }

  override write(from: Uint8Array): number {
    this.#output.append(this.stream, from);
    return from.length;
  }

  override poll(): number {
    return Poll.out | Poll.wrNorm;
  }
}

/**
 * A stream of bytes the host gives: standard input, or the job a template waits for. Without bytes given it blocks when it
 * waits for its first (`content` undefined), else it ends.
 */
export class InputFile extends OpenFile {
  readonly role: "stdin" | "job";
  #content: Uint8Array | undefined;
  #offset = 0;
  readonly #ino = anonymousInode();
  readonly #owner: Owner;

  constructor(role: "stdin" | "job", owner: Owner, content?: Uint8Array) {
    super(Open.readOnly);
    this.#owner = owner;
    this.role = role;
    this.#content = content;
  }

  /** Gives the bytes; readers that wait for them go on. */
  give(content: Uint8Array): void {
    this.#content = content;
    this.#offset = 0;
  }

  get waiting(): boolean {
    return this.#content === undefined;
  }

  get label(): string {
    return `pipe:[${this.#ino}]`;
  }

  override stat(): Stat {
    return anonymousStat(FileType.fifo | 0o600, this.#ino, this.#owner);
  }

  override read(into: Uint8Array): number {
    if (this.#content === undefined) return BLOCKED;
    const part = this.#content.subarray(this.#offset, this.#offset + into.length);
    into.set(part);
    this.#offset += part.length;
    return part.length;
  }

  override get readableBytes(): number {
    return (this.#content?.length ?? 0) - this.#offset;
  }

  override poll(): number {
    if (this.#content === undefined) return 0;
    return this.readableBytes > 0 ? Poll.in | Poll.rdNorm : Poll.hup;
  }
}
