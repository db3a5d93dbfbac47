import { invariant } from "../../../errors.ts";
import { LinuxError } from "../../errno.ts";
import { BrokenPipe } from "../../files/pipe.ts";
import { Shut } from "../abi.ts";
import type { TcpSocket } from "../tcp-socket.ts";
import {
  type Arrived,
  OUTWARD_MESSAGE_BYTES_MAX,
  OUTWARD_WINDOW_BYTES,
  type OutwardCall,
  type OutwardLink,
} from "./link.ts";

/** Nobody of the guest's sends what comes from outside. */
const NOBODY = { pid: 0, uid: 0, gid: 0 };

/**
 * One connection that leaves the machine. To the guest it is a connection like any other, to a socket of this machine, its near
 * end; what the guest sends there goes out by the link, and what comes in by the link is sent from there.
 */
export class Bridge {
  readonly id: number;
  readonly client: TcpSocket;
  readonly #link: OutwardLink;
  #near: TcpSocket | undefined;
  /** Bytes that may be sent. */
  #room = OUTWARD_WINDOW_BYTES;
  /** Bytes that came in and were not told as read yet. */
  #untold = 0;
  #endSent = false;
  #isOver = false;

  constructor(id: number, client: TcpSocket, link: OutwardLink) {
    this.id = id;
    this.client = client;
    this.#link = link;
  }

  /** Neither side will say anything more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the guest has let go of something that is still to be sent. */
  get isSending(): boolean {
    const near = this.#near;
    return !this.#isOver && near !== undefined && near.error === undefined && near.receiveShut && !this.#endSent;
  }

  take({ event, bytes }: Arrived): void {
    if (this.#isOver) return;
    switch (event.op) {
      case "opened":
        if (this.#isWanted) this.#near = this.client.reached();
        return;
      case "failed":
        if (this.#isWanted) this.client.reset(event.error);
        this.#isOver = true;
        return;
      case "data":
        this.#untold += bytes.length;
        this.#fill(bytes);
        return;
      case "end":
        quietly(() => this.#near?.shutdown(Shut.write));
        return;
      case "reset":
        // Closed without lingering, a socket resets its other end.
        if (this.#near !== undefined) this.#near.options.linger = { isOn: true, seconds: 0 };
        this.#drop();
        return;
      case "sent":
        this.#room += event.bytes;
    }
  }

  /** Sends on what the guest has done. */
  pump(): void {
    const near = this.#near;
    if (this.#isOver) return;
    if (near === undefined) {
      // It did not wait for the answer.
      if (!this.#isWanted) this.#giveUp();
      return;
    }
    if (near.error !== undefined) {
      this.#giveUp();
      return;
    }
    this.#empty(near);
    this.#tellRead(near);
    if (near.receiveShut && near.readableBytes === 0) this.#sendEnd();
  }

  /** Its socket is used for another connection. */
  abandon(): void {
    if (!this.#isOver) this.#giveUp();
  }

  /** The guest wants no connection any more. */
  #giveUp(): void {
    this.#call({ op: "reset", id: this.id });
    this.#drop();
  }

  get #isWanted(): boolean {
    return !this.client.isGone && this.client.state === "synSent";
  }

  #fill(bytes: Uint8Array): void {
    const near = this.#near;
    if (near === undefined) return;
    quietly(() => {
      const count = near.send(bytes, { sender: NOBODY });
      invariant(count === bytes.length, "what comes in is within the window, for which there is room");
    });
  }

  #empty(near: TcpSocket): void {
    while (this.#room > 0 && (near.readableBytes ?? 0) > 0) {
      const into = new Uint8Array(Math.min(near.readableBytes ?? 0, this.#room, OUTWARD_MESSAGE_BYTES_MAX));
      const count = near.receive(into, false)?.count ?? 0;
      if (count === 0) return;
      this.#room -= count;
      this.#call({ op: "data", id: this.id }, into.subarray(0, count));
    }
  }

  /** In large steps, unless all of it is read. */
  #tellRead(near: TcpSocket): void {
    const unread = near.underWayBytes;
    const read = this.#untold - unread;
    if (read <= 0 || (unread > 0 && read < OUTWARD_WINDOW_BYTES / 4)) return;
    this.#untold -= read;
    this.#call({ op: "read", id: this.id, bytes: read });
  }

  #sendEnd(): void {
    if (this.client.isGone) {
      this.#call({ op: "close", id: this.id });
      this.#drop();
    } else if (!this.#endSent) {
      this.#endSent = true;
      this.#call({ op: "end", id: this.id });
    }
  }

  #call(call: OutwardCall, bytes?: Uint8Array): void {
    this.#link.send(call, bytes);
  }

  #drop(): void {
    this.#isOver = true;
    this.#near?.close();
    this.#near = undefined;
  }
}

/** What a program would be told as an errno is found by the next look at the socket. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof LinuxError || error instanceof BrokenPipe)) throw error;
  }
}
