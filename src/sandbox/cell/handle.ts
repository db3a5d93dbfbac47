import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import { ZtlError } from "../../errors.ts";
import { type CellGroup, type Layer, sendDescriptors } from "../../vmm/index.ts";
import { encodeFrame, type Frame, NONCE_BYTES } from "../frames.ts";
import { type Aside, type LongFrame, type ReplyLimits, ReplyReader, readLong } from "../reply-reader.ts";
import { LastWords } from "./last-words.ts";
import type { LaunchWatch } from "./launch-watch.ts";
import { type EgressEvent, REQUEST_LIMITS, type Request } from "./protocol.ts";
import { failureOf } from "./reply/failed.ts";
import { Places } from "./reply/places.ts";
import { type StartOptions, startCell } from "./start.ts";

/** A request, and what its reply has to be. */
export interface Exchange<T> {
  readonly message: Request;
  readonly bodyParts?: readonly Uint8Array[];
  /** Open files for the cell, which gets descriptors of its own; the sender's stay the sender's. */
  readonly files?: readonly number[];
  readonly limits: ReplyLimits;
  /** What the cell may say before it replies. */
  readonly asides?: readonly Aside[];
  /** The reply as it is to be used. Throws for one that no cell of ours would send; the cell is then ended. */
  readonly accept: (header: Frame["header"], body: Uint8Array) => T | Promise<T>;
}

/** A process that ends closes its channel first; its parent hears of the end within milliseconds, or later on a busy host. */
const CLOSED_GRACE_MS = 1000;

interface Waiting {
  readonly id: number;
  /** Takes the reply, or throws what is wrong with it. */
  take(frame: Frame | LongFrame): Promise<void>;
  reject(error: ZtlError): void;
}

export interface CellOptions extends StartOptions {
  /** Key of the template it is going to load. */
  readonly templateKey?: string | undefined;
  /** What its guests are shown; without them it can be asked for no run that reads or changes a file. */
  readonly places?: Places | undefined;
}

/** The host's end of one cell process: one request at a time, one reply for each. */
export class CellHandle {
  readonly templateKey: string | undefined;
  readonly places: Places;
  /** Walls around its process, beside those that every cell has. */
  readonly layers: ReadonlySet<Layer>;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #stderr: Readable;
  readonly #launch: LaunchWatch;
  readonly #group: CellGroup | undefined;
  readonly #files: number;
  /** Known to the two processes and to no guest. */
  readonly #nonce = randomBytes(NONCE_BYTES);
  readonly #reader = new ReplyReader(this.#nonce);
  readonly #lastWords = new LastWords();
  readonly #exited: Promise<void>;
  #waiting: Waiting | undefined;
  #requests = 0;
  #failure: ZtlError | undefined;

  constructor(options: CellOptions) {
    const { child, channel, stderr, launch, group, files } = startCell(options);
    this.templateKey = options.templateKey;
    this.places = options.places ?? new Places([]);
    this.layers = options.launcher.layers;
    this.#child = child;
    this.#channel = channel;
    this.#stderr = stderr;
    this.#launch = launch;
    this.#group = group;
    this.#files = files;
    channel.on("data", (chunk: Buffer) => this.#receive(chunk));
    channel.on("end", () => this.#closed());
    channel.on("error", (error) => this.#fail("cell-lost", `The channel to a cell broke: ${error.message}`));
    stderr.on("data", (chunk: Buffer) => this.#listen(chunk));
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#fail("cell-start-failed", `A cell could not be started: ${error.message}`);
        resolve();
      });
      child.once("close", (code, signal) => {
        const how = signal ?? `status ${code}`;
        if (launch.failure !== undefined)
          this.#fail("cell-start-failed", `A cell could not be started: ${launch.failure}`);
        this.#fail("cell-lost", `A cell ended unexpectedly (${how})${this.#lastWords.quoted()}`);
        resolve();
      });
    });
    this.idle();
  }

  get pid(): number | undefined {
    return this.#launch.pid;
  }

  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** For a run with wider limits than those of its sandbox: the kernel's bound on the process gives way. */
  allowMemory(bytes: number): void {
    this.#group?.allowMemory(bytes);
  }

  /** Sends a request and waits for its reply. Rejects with a ZtlError when the cell dies or misbehaves. */
  request<T>({ message, bodyParts = [], files = [], limits, asides, accept }: Exchange<T>): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting !== undefined)
      return Promise.reject(new ZtlError("invariant", "A cell got two requests at once"));
    const id = ++this.#requests;
    const frame = encodeFrame({ nonce: this.#nonce, id }, message, bodyParts);
    const refused = tooLarge(frame);
    if (refused !== undefined) return Promise.reject(refused);
    // Before the request that speaks of them. A cell that works has taken all that came before.
    if (files.length > 0 && !sendDescriptors(this.#files, id, files)) {
      this.#fail("cell-lost", "A cell does not take the files of its run");
      return Promise.reject(this.#failure);
    }
    return new Promise((resolve, reject) => {
      const take: Waiting["take"] = async (frame) => {
        const { header, body } = "json" in frame ? await readLong(frame) : frame;
        if (header.type === "failed") throw failed(header);
        resolve(await accept(header, body));
      };
      this.#waiting = { id, take, reject };
      this.#reader.expect(id, limits, asides);
      this.#setReferenced(true);
      this.#send(frame);
    });
  }

  /** Asks the cell to end what it was asked for early; the reply to that still comes. */
  cancel(): void {
    const { id } = this.#waiting ?? {};
    if (this.#failure === undefined && id !== undefined)
      this.#send(encodeFrame({ nonce: this.#nonce, id }, { type: "cancel" } satisfies Request));
  }

  /** Says something beside what it was asked for; to a cell that works on nothing nothing is said. */
  tell(message: EgressEvent, parts: readonly Uint8Array[] = []): void {
    const { id } = this.#waiting ?? {};
    if (this.#failure === undefined && id !== undefined)
      this.#send(encodeFrame({ nonce: this.#nonce, id }, message, parts));
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

  #send(frame: readonly Uint8Array[]): void {
    this.#channel.cork();
    for (const part of frame) this.#channel.write(part);
    this.#channel.uncork();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      const frame = this.#reader.push(chunk);
      if (frame !== undefined) this.#deliver(frame);
    } catch (error) {
      this.#misbehaved(error);
    }
  }

  /** Whatever a cell said to bring it about: the host goes on without that cell. */
  #misbehaved(error: unknown): void {
    const { code, message } = ZtlError.isInstance(error)
      ? error
      : { code: "cell-misbehaved", message: `A cell's answer could not be read: ${String(error)}` };
    this.#fail(code, message);
  }

  /** Usually the cell has ended; who waits for it is told how, in a moment. */
  #closed(): void {
    const fail = (): void => this.#fail("cell-lost", "A cell closed its channel");
    if (this.#waiting === undefined) fail();
    else setTimeout(fail, CLOSED_GRACE_MS).unref();
  }

  #listen(chunk: Uint8Array): void {
    this.#lastWords.add(chunk);
    if (this.#lastWords.isTooMuch) this.#fail("cell-misbehaved", "A cell talked without end");
  }

  /** The reply is whole: to read a long one takes a while, in which the cell may end without any harm. */
  #deliver(frame: Frame | LongFrame): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.idle();
    waiting?.take(frame).catch((error: unknown) => {
      this.#misbehaved(error);
      waiting.reject(this.#failure ?? new ZtlError("cell-lost", "A cell ended"));
    });
  }

  /** The end of this cell, whatever the cause: the first one told is kept. */
  #fail(code: string, message: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new ZtlError(code, message, { pid: this.#launch.pid });
    this.#launch.kill();
    this.#channel.destroy();
    closeSync(this.#files);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
    this.idle();
  }

  #setReferenced(referenced: boolean): void {
    const streams = [this.#child, this.#channel, this.#stderr] as unknown as { ref(): void; unref(): void }[];
    for (const stream of streams) referenced ? stream.ref() : stream.unref();
  }
}

function failed(header: Frame["header"]): ZtlError {
  const { code, message } = failureOf(header);
  return new ZtlError(code, message);
}

/** A request that the cell would refuse costs this call, not the cell. */
function tooLarge([head, ...parts]: readonly Uint8Array[]): ZtlError | undefined {
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const { headerBytes: headerMax, bodyBytes: bodyMax } = REQUEST_LIMITS;
  if (head !== undefined && head.length <= headerMax && bodyBytes <= bodyMax) return undefined;
  return new ZtlError(
    "request-too-large",
    `A call's input can have ${bodyMax} bytes, its arguments ${headerMax}; this one has ${bodyBytes} and ${head?.length}. Pass large data through a mounted file.`,
  );
}
