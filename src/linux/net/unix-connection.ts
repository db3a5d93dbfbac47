import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { Poll } from "../files/open-file.ts";
import { BrokenPipe } from "../files/pipe.ts";
import { Shut } from "./abi.ts";
import { AcceptQueue } from "./accept-queue.ts";
import type { Peer, Received } from "./message-queue.ts";
import type { Network } from "./network.ts";
import type { Outgoing, Socket, SocketCaller } from "./socket.ts";
import { hasRoom, MESSAGE_RESERVE_BYTES } from "./unix-datagram.ts";
import { readUnixAddress } from "./unix-names.ts";
import { UnixSocket } from "./unix-socket.ts";

/** A Unix socket of streams or sequenced packets: it listens, or is connected to one other (unix(7)). */
export class UnixConnection extends UnixSocket {
  readonly #accepted = new AcceptQueue<UnixConnection>();
  peer: UnixConnection | undefined;
  #state: "closed" | "listening" | "connected" = "closed";
  /** The listener whose queue was full at the last try. */
  #waitsFor: UnixConnection | undefined;

  /** Two that are connected to each other (socketpair(2)). */
  static pair(network: Network, type: number, caller: Peer, flags: number): readonly [UnixSocket, UnixSocket] {
    const pair = [
      new UnixConnection(network, type, caller, flags),
      new UnixConnection(network, type, caller, flags),
    ] as const;
    pair.forEach((one, i) => {
      one.#join(pair[1 - i], caller);
    });
    return pair;
  }

  #join(peer: UnixConnection, { pid, uid, gid }: Peer): void {
    this.peer = peer;
    this.#state = "connected";
    this.peerCredentials = { pid, uid, gid };
  }

  override get isListening(): boolean {
    return this.#state === "listening";
  }

  override connect(address: Buffer, caller: SocketCaller, waits: boolean): number {
    readUnixAddress(address);
    this.bindForCredentials();
    const listener = this.find(address, caller);
    if (!(listener instanceof UnixConnection)) return fail("EPROTOTYPE");
    if (!listener.isListening || listener.receiveShut) fail("ECONNREFUSED");
    if (listener.#accepted.isFull) {
      this.#waitsFor = listener;
      return waits ? BLOCKED : fail("EAGAIN");
    }
    if (this.#state !== "closed") fail(this.#state === "connected" ? "EISCONN" : "EINVAL");
    listener.#take(this, caller);
    return 0;
  }

  override get connectSettled(): boolean {
    const listener = this.#waitsFor;
    return listener === undefined || !listener.isListening || !listener.#accepted.isFull;
  }

  /** A connection that waits to be accepted. */
  #take(client: UnixConnection, caller: Peer): void {
    const child = new UnixConnection(this.network, this.kind.type, this.owner);
    child.name = this.name;
    child.#join(client, caller);
    client.#join(child, this.peerCredentials ?? caller);
    if (this.options.passesCredentials) child.options.passesCredentials = true;
    this.#accepted.add(child);
    this.touch();
  }

  override listen(backlog: number, caller: SocketCaller): void {
    if (this.name === undefined || this.#state === "connected") fail("EINVAL");
    this.#state = "listening";
    this.#accepted.setBacklog(backlog);
    this.peerCredentials = { pid: caller.pid, uid: caller.uid, gid: caller.gid };
    this.touch();
  }

  override accept(): Socket | undefined {
    if (!this.isListening) fail("EINVAL");
    const child = this.#accepted.take();
    if (child === undefined && this.receiveShut) fail("EINVAL");
    return child;
  }

  override get acceptSettled(): boolean {
    return !this.#accepted.isEmpty || this.receiveShut || !this.isListening;
  }

  override shutdown(how: number): void {
    const { peer } = this;
    if (how !== Shut.write) {
      this.receiveShut = true;
      if (peer !== undefined) peer.sendShut = true;
    }
    if (how !== Shut.read) {
      this.sendShut = true;
      if (peer !== undefined) peer.receiveShut = true;
    }
    this.touch();
    peer?.touch();
  }

  override get readableBytes(): number | undefined {
    return this.isListening ? fail("EINVAL") : this.incoming.length;
  }

  override receive(into: Uint8Array, peek: boolean): Received | undefined {
    if (this.#state !== "connected") fail(this.isStream ? "EINVAL" : "ENOTCONN");
    if (!this.isStream) this.throwError();
    const received = this.isStream
      ? this.incoming.takeBytes(into, peek, this.options.passesCredentials)
      : this.incoming.takeMessage(into, peek);
    if (received === undefined) {
      this.throwError();
      return this.receiveShut ? { count: 0, fullLength: 0 } : undefined;
    }
    if (!peek && this.peer !== undefined) this.peer.departures++;
    return { ...received, source: this.peerAddress() };
  }

  override receiveSettled(least: number): boolean {
    if (this.receiveShut || this.error !== undefined || this.#state !== "connected") return true;
    return this.incoming.count > 0 && (!this.isStream || this.incoming.length >= least);
  }

  override send(from: Uint8Array, outgoing: Outgoing): number {
    return this.isStream ? this.#sendBytes(from, outgoing) : this.#sendMessage(from, outgoing);
  }

  #sendBytes(from: Uint8Array, { to, passed, sender }: Outgoing): number {
    if (to !== undefined) fail(this.#state === "connected" ? "EISCONN" : "EOPNOTSUPP");
    const peer = this.peer ?? fail("ENOTCONN");
    if (this.sendShut || peer.isGone || peer.receiveShut) throw new BrokenPipe();
    if (from.length === 0) return 0;
    const room = this.#roomAt(peer);
    if (room <= 0) return BLOCKED;
    const bytes = from.subarray(0, room);
    peer.incoming.append(bytes, { passed, sender });
    peer.arrivals++;
    return bytes.length;
  }

  #sendMessage(from: Uint8Array, { passed, sender }: Outgoing): number {
    this.throwError();
    if (this.#state !== "connected") fail("ENOTCONN");
    this.bindForCredentials();
    const peer = this.peer ?? fail("ENOTCONN");
    if (from.length > this.options.sendBufferBytes - MESSAGE_RESERVE_BYTES) fail("EMSGSIZE");
    // Without SIGPIPE, which is for streams.
    if (this.sendShut || peer.isGone || peer.receiveShut) fail("EPIPE");
    if (!hasRoom(this, peer)) return BLOCKED;
    peer.incoming.add(from, { passed, sender, source: this.localAddress() });
    peer.arrivals++;
    return from.length;
  }

  #roomAt(peer: UnixConnection): number {
    return this.options.sendBufferBytes - peer.incoming.length;
  }

  override get sendFails(): boolean {
    const { peer } = this;
    return (
      this.sendShut || peer === undefined || peer.isGone || peer.receiveShut || (!this.isStream && super.sendFails)
    );
  }

  override sendSettled(): boolean {
    const { peer } = this;
    if (peer === undefined || this.sendFails) return true;
    return this.isStream ? this.#roomAt(peer) > 0 : hasRoom(this, peer);
  }

  override poll(): number {
    return (
      this.commonEvents() |
      (this.#accepted.isEmpty ? 0 : Poll.in | Poll.rdNorm) |
      (this.#state === "closed" ? Poll.hup : 0) |
      (this.#isWritable ? Poll.out | Poll.wrNorm | Poll.wrBand : 0)
    );
  }

  /** A quarter of the buffer may be in use (unix_writable, net/unix/af_unix.c). */
  get #isWritable(): boolean {
    const { peer } = this;
    if (this.isListening) return false;
    if (peer === undefined || peer.isGone) return true;
    const used = this.isStream ? peer.incoming.length : peer.incoming.heldBytes;
    return used * 4 <= this.options.sendBufferBytes;
  }

  protected override disconnected(): void {
    for (const child of this.#accepted.takeAll()) {
      if (child.peer !== undefined) child.peer.error = "ECONNRESET";
      child.close();
    }
    const { peer } = this;
    this.#state = "closed";
    if (peer === undefined) return;
    peer.receiveShut = peer.sendShut = true;
    if (this.incoming.count > 0) peer.error = "ECONNRESET";
    peer.touch();
  }
}
