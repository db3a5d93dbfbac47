import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { ZtlError } from "../../errors.ts";
import { encodeFrame, type Frame, FrameReader } from "../frames.ts";
import { REPLY_LIMITS, type Reply, type Request } from "./protocol.ts";
import { type StartOptions, startCell } from "./start.ts";

/** Kept of what a cell says on stderr: only its own failures appear there, never guest output. */
const STDERR_BYTES = 8192;

/** A reply with the bytes that came with it. */
export interface ReplyFrame {
  readonly reply: Reply;
  readonly body: Uint8Array;
}

interface Waiter {
  resolve(frame: ReplyFrame): void;
  reject(error: ZtlError): void;
}

export interface CellOptions extends StartOptions {
  /** Key of the template it is going to load. */
  readonly templateKey?: string | undefined;
}

/** The host's end of one cell process: one request at a time, one reply for each. */
export class CellHandle {
  readonly templateKey: string | undefined;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #stderr: Readable;
  readonly #reader = new FrameReader(REPLY_LIMITS);
  readonly #exited: Promise<void>;
  #waiter: Waiter | undefined;
  #failure: ZtlError | undefined;
  #said = "";

  constructor(options: CellOptions = {}) {
    const { child, channel, stderr } = startCell(options);
    this.templateKey = options.templateKey;
    this.#child = child;
    this.#channel = channel;
    this.#stderr = stderr;
    channel.on("data", (chunk: Buffer) => this.#receive(chunk));
    channel.on("error", (error) => this.#fail("cell-lost", `The channel to a cell broke: ${error.message}`));
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-STDERR_BYTES);
    });
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#fail("cell-start-failed", `A cell could not be started: ${error.message}`);
        resolve();
      });
      child.once("close", (code, signal) => {
        this.#fail("cell-lost", `A cell ended unexpectedly (${signal ?? `status ${code}`})${this.#lastWords()}`);
        resolve();
      });
    });
    this.idle();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** Sends a request and waits for its reply. Rejects with a ZtlError when the cell dies or misbehaves. */
  request(message: Request, bodyParts: readonly Uint8Array[] = []): Promise<ReplyFrame> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiter !== undefined) return Promise.reject(new ZtlError("invariant", "A cell got two requests at once"));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#setReferenced(true);
      this.#send(message, bodyParts);
    });
  }

  /** Asks the cell to end its run early; the run's reply still comes. */
  cancel(id: number): void {
    if (this.#failure === undefined) this.#send({ type: "cancel", id }, []);
  }

  /** Ends the process at once; a pending request is rejected with this reason. */
  kill(code: string, message: string): void {
    this.#fail(code, message);
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.#fail("closed", "The cell was closed");
    this.#setReferenced(true);
    await this.#exited;
  }

  /** Lets the host process end while this cell only waits. */
  idle(): void {
    this.#setReferenced(false);
  }

  #send(message: Request, bodyParts: readonly Uint8Array[]): void {
    this.#channel.cork();
    for (const part of encodeFrame(message, bodyParts)) this.#channel.write(part);
    this.#channel.uncork();
  }

  #receive(chunk: Uint8Array): void {
    let frames: Frame[];
    try {
      frames = this.#reader.push(chunk);
    } catch (error) {
      this.#fail("frame-malformed", String(error));
      return;
    }
    for (const frame of frames) {
      const waiter = this.#waiter;
      if (waiter === undefined) {
        this.#fail("frame-malformed", "A cell replied without having been asked");
        return;
      }
      this.#waiter = undefined;
      this.idle();
      waiter.resolve({ reply: frame.header as unknown as Reply, body: frame.body });
    }
  }

  /** The end of this cell, whatever the cause: the first one told is kept. */
  #fail(code: string, message: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new ZtlError(code, message, { pid: this.#child.pid });
    this.#killGroup();
    this.#channel.destroy();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(this.#failure);
    this.idle();
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group does not exist before the child's setsid, and no more after its end.
      this.#child.kill("SIGKILL");
    }
  }

  #lastWords(): string {
    const words = this.#said.trim();
    return words === "" ? "" : `; its last words: ${words}`;
  }

  #setReferenced(referenced: boolean): void {
    const streams = [this.#child, this.#channel, this.#stderr] as unknown as { ref(): void; unref(): void }[];
    for (const stream of streams) referenced ? stream.ref() : stream.unref();
  }
}
