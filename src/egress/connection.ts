import type { Socket } from "node:net";
import { abortSocket } from "./abort-socket.ts";
import type { DialFailure } from "./dial.ts";
import type { HostName } from "./host-name.ts";
import { ORPHAN_MS_MAX } from "./limits.ts";
import type { EgressOutcome, EgressRecord } from "./record.ts";

/** Whoever asked for a connection, and is told of it. Called from the event loop, never from within a call. */
export interface ConnectionEvents {
  opened(): void;
  /** It will not be: nothing was sent. */
  failed(why: ConnectionFailure): void;
  /** Never more than was granted with {@link Connection.grant}. The bytes are the receiver's. */
  data(bytes: Uint8Array): void;
  /** The other side sends no more. */
  ended(): void;
  /** So many of the bytes sent are with the kernel: there is room for as many. */
  sent(count: number): void;
  /** Broken off, by the other side or here. Nothing follows. */
  reset(): void;
}

export type ConnectionFailure = DialFailure | "refused" | "severed";

/** What a connection asks of its gate. */
export interface ConnectionOwner {
  /** False when the run has used up what it may send or receive; the connection then ends. */
  countOut(bytes: number): boolean;
  countIn(bytes: number): boolean;
  over(connection: Connection, record: EgressRecord): void;
}

export interface ConnectionTarget {
  readonly number: number;
  readonly host: HostName;
  readonly port: number;
}

/** One TCP connection out of the gate, from the moment it was asked for. */
export class Connection {
  readonly target: ConnectionTarget;
  readonly #owner: ConnectionOwner;
  readonly #events: ConnectionEvents;
  readonly #startedMs = Date.now();
  readonly #dialling = new AbortController();
  #addresses: readonly string[] = [];
  #address: string | undefined;
  #socket: Socket | undefined;
  #isOver = false;
  #bytesOut = 0;
  #bytesIn = 0;
  /** Bytes that may still be handed to whoever asked. */
  #granted = 0;
  /** Of a chunk of which the last part was not granted yet. */
  #held: Uint8Array | undefined;
  #unsent = 0;
  #end: "no" | "wanted" | "under-way" | "sent" = "no";
  #otherEnded = false;
  /** Whoever asked has gone: what still comes is for nobody. */
  #isClosed = false;
  #orphaned: NodeJS.Timeout | undefined;

  constructor(target: ConnectionTarget, owner: ConnectionOwner, events: ConnectionEvents) {
    this.target = target;
    this.#owner = owner;
    this.#events = events;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends the attempt to connect. */
  get signal(): AbortSignal {
    return this.#dialling.signal;
  }

  /** The name was looked up. */
  found(addresses: readonly string[]): void {
    this.#addresses = addresses;
  }

  /** The gate does not let it out. */
  refuse(reason: string): void {
    if (this.#isOver) return;
    this.#finish("refused", reason);
    if (!this.#isClosed) this.#events.failed(reason === "severed" ? "severed" : "refused");
  }

  fail(why: DialFailure): void {
    if (this.#isOver) return;
    this.#finish("failed", why);
    if (!this.#isClosed) this.#events.failed(why);
  }

  /** It is there. */
  open(socket: Socket, address: string): void {
    if (this.#isOver) {
      abortSocket(socket);
      return;
    }
    this.#socket = socket;
    this.#address = address;
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => this.#receiveEnd());
    socket.on("error", () => this.#break("reset", "reset-by-host"));
    socket.on("close", () => this.#break("reset", "reset-by-host"));
    if (this.#granted <= 0 && !this.#isClosed) socket.pause();
    if (!this.#isClosed) this.#events.opened();
    this.#closeWhenDone();
  }

  /** Sends; ignored once it is over. Only after {@link ConnectionEvents.opened}, and before {@link end}. */
  send(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (this.#isOver || socket === undefined || this.#end !== "no") return;
    if (!this.#owner.countOut(bytes.length)) {
      this.#break("severed", "quota-bytes-out");
      return;
    }
    this.#bytesOut += bytes.length;
    this.#unsent += bytes.length;
    socket.write(bytes, () => {
      this.#unsent -= bytes.length;
      if (this.#isOver) return;
      if (!this.#isClosed) this.#events.sent(bytes.length);
      this.#sendEndWhenDue();
    });
  }

  /** Sends no more, once all is sent. */
  end(): void {
    if (this.#isOver || this.#end !== "no") return;
    this.#end = "wanted";
    this.#sendEndWhenDue();
  }

  /** Whoever asked is gone in peace: what is under way is still sent, what comes is refused. */
  close(): void {
    if (this.#isOver || this.#isClosed) return;
    this.#isClosed = true;
    this.#held = undefined;
    this.end();
    if (this.#socket === undefined) this.#dialling.abort();
    this.#orphaned = setTimeout(() => this.#break("reset", "not-closed-by-host"), ORPHAN_MS_MAX).unref();
    this.#closeWhenDone();
    this.#socket?.resume();
  }

  /** Breaks it off: whoever asked has done so. */
  reset(reason = "reset-by-guest"): void {
    this.#isClosed = true;
    this.#break("reset", reason);
  }

  /** Cuts it, now. */
  sever(reason: string): void {
    this.#break("severed", reason);
  }

  /** Allows so many more bytes to be handed over. */
  grant(bytes: number): void {
    if (this.#isOver || this.#isClosed) return;
    this.#granted += bytes;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#hand(held);
    if (this.#granted > 0 && this.#held === undefined) {
      this.#socket?.resume();
      if (this.#otherEnded) this.#tellEnd();
    }
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#isClosed) {
      // As a kernel does for a socket that nobody has any more.
      this.#break("reset", "data-after-close");
      return;
    }
    if (!this.#owner.countIn(chunk.length)) {
      this.#break("severed", "quota-bytes-in");
      return;
    }
    this.#bytesIn += chunk.length;
    this.#hand(chunk);
  }

  #hand(chunk: Uint8Array): void {
    const part = chunk.subarray(0, this.#granted);
    this.#granted -= part.length;
    if (part.length < chunk.length) this.#held = chunk.subarray(part.length);
    if (this.#granted <= 0) this.#socket?.pause();
    if (part.length > 0) this.#events.data(part);
  }

  #receiveEnd(): void {
    if (this.#isOver) return;
    this.#otherEnded = true;
    if (this.#held === undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    this.#otherEnded = true;
    if (!this.#isClosed) this.#events.ended();
    this.#closeWhenDone();
  }

  /** Only when nothing waits to be sent, so that it can be cut at any time ({@link abortSocket}). */
  #sendEndWhenDue(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#end !== "wanted" || this.#unsent > 0) return;
    this.#end = "under-way";
    socket.end(() => {
      this.#end = "sent";
      this.#closeWhenDone();
    });
  }

  #closeWhenDone(): void {
    if (this.#isOver) return;
    this.#sendEndWhenDue();
    if (this.#end === "sent" && this.#otherEnded) {
      const socket = this.#socket;
      this.#finish("closed");
      socket?.destroy();
    }
  }

  #break(outcome: EgressOutcome, reason: string): void {
    if (this.#isOver) return;
    const socket = this.#socket;
    const isUnderWay = this.#end === "under-way";
    this.#finish(outcome, reason);
    if (socket !== undefined) {
      if (isUnderWay && !socket.destroyed) socket.once("finish", () => abortSocket(socket));
      else abortSocket(socket);
    }
    if (!this.#isClosed) socket === undefined ? this.#events.failed("severed") : this.#events.reset();
  }

  #finish(outcome: EgressOutcome, reason?: string): void {
    this.#isOver = true;
    this.#held = undefined;
    this.#dialling.abort();
    clearTimeout(this.#orphaned);
    const { number, host, port } = this.target;
    this.#owner.over(this, {
      ...{ number, host, port, addresses: this.#addresses },
      ...(this.#address !== undefined && { address: this.#address }),
      outcome,
      ...(reason !== undefined && { reason }),
      ...{ bytesOut: this.#bytesOut, bytesIn: this.#bytesIn },
      ...{ startedMs: this.#startedMs, durationMs: Date.now() - this.#startedMs },
    });
  }
}
