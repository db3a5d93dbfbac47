import { BLOCKED } from "../blocked.ts";
import { type ErrnoName, fail } from "../errno.ts";
import { Poll } from "../files/open-file.ts";
import { BrokenPipe } from "../files/pipe.ts";
import type { Owner } from "../vfs/index.ts";
import { Family, Protocol, Shut, SocketType } from "./abi.ts";
import { AcceptQueue } from "./accept-queue.ts";
import { InetSocket } from "./inet-socket.ts";
import { type Endpoint, isLocal } from "./ip-address.ts";
import { MessageQueue, type Received } from "./message-queue.ts";
import type { Network } from "./network.ts";
import { Level, So, type SocketOptions } from "./options.ts";
import type { Outgoing, Socket, SocketCaller } from "./socket.ts";
import { tcpEvents } from "./tcp-events.ts";
import { type Progress, SEND_BUFFER_BYTES, type TcpState, tcpOption, tcpState } from "./tcp-options.ts";
import { UrgentMark } from "./tcp-urgent.ts";

/**
 * A TCP socket (tcp(7)). Nothing is lost or late on the loopback interface, so a connection is two sockets that know each
 * other: what one sends is in the other's queue at once, and so are its end (FIN) and its breaking off (RST).
 */
export class TcpSocket extends InetSocket {
  override readonly isStream = true;
  readonly #incoming: MessageQueue;
  readonly #urgent = new UrgentMark();
  readonly #accepted = new AcceptQueue<TcpSocket>();
  #state: Progress = "closed";
  /** How far connect(2) has got, which is told apart from the connection's own state (enum socket_state, linux/net.h). */
  #phase: "unconnected" | "connecting" | "connected" = "unconnected";
  #peer: TcpSocket | undefined;
  #listener: TcpSocket | undefined;
  /** The end was sent, or came. */
  #finSent = false;
  #finReceived = false;
  /** Reading was given up by the caller, not by the other end. */
  #readingShut = false;

  constructor(network: Network, family: number, owner: Owner, flags = 0, options?: SocketOptions) {
    super(network, { family, type: SocketType.stream, protocol: Protocol.tcp }, owner, flags, options);
    this.#incoming = new MessageQueue(network.allowance);
  }

  override get isListening(): boolean {
    return this.#state === "listening";
  }

  override get isConnecting(): boolean {
    return this.#state !== "closed";
  }

  override connect(address: Buffer, _caller: SocketCaller, waits: boolean): number {
    if (address.length < 2) fail("EINVAL");
    if (address.readUInt16LE(0) === Family.unspecified) {
      this.#disconnect();
      return 0;
    }
    if (this.#phase === "connected" || this.isListening) fail("EISCONN");
    if (this.#phase === "unconnected") {
      if (this.#state !== "closed") fail("EISCONN");
      this.#open(this.readDestination(address));
      // The answer comes while the socket is still busy with asking, so even a quick one is not there yet.
      if (!waits) fail("EINPROGRESS");
    }
    if (this.#state === "connecting") return waits ? BLOCKED : fail("EALREADY");
    if (this.#state === "closed") {
      const error = this.takeError() ?? "ECONNABORTED";
      this.#disconnect();
      fail(error);
    }
    this.#phase = "connected";
    return 0;
  }

  override get connectSettled(): boolean {
    return this.#state !== "connecting";
  }

  #open(to: Endpoint): void {
    this.bindAutomatically();
    const port = this.local?.port ?? 0;
    this.place({ ip: this.sourceFor(to.ip), port });
    this.remote = to;
    this.receiveShut = this.sendShut = false;
    this.#phase = "connecting";
    this.#state = "connecting";
    const listener = this.ports.listener(to, port);
    if (!isLocal(to.ip)) this.network.egress.connect(this, to);
    else if (listener instanceof TcpSocket) listener.#admit(this);
    else if (to.port === port && to.ip === this.local?.ip) this.#establish(this);
    else {
      this.network.egress.nobody({ protocol: "tcp", to });
      this.reset();
    }
  }

  #admit(client: TcpSocket): void {
    client.#listener = this;
    if (this.#accepted.isFull) {
      this.#accepted.addPending(client);
      return;
    }
    const child = new TcpSocket(this.network, this.kind.family, this.owner, 0, this.options.inherited());
    if (client.remote !== undefined) child.place(client.remote);
    child.#join(client);
    this.#accepted.add(child);
    this.touch();
  }

  #join(client: TcpSocket): void {
    this.remote = client.local;
    this.#establish(client);
    this.#phase = "connected";
    client.#establish(this);
  }

  /** The way out has made the connection: its near end, a socket that no program has or sees. */
  reached(): TcpSocket {
    const near = new TcpSocket(this.network, this.kind.family, this.owner);
    this.network.sockets.delete(near);
    near.options.set(Level.socket, So.urgentInline, 1);
    near.#join(this);
    return near;
  }

  #establish(peer: TcpSocket): void {
    this.#peer = peer;
    this.#state = "established";
    this.touch();
  }

  override listen(backlog: number): void {
    const mayListen = this.#phase === "unconnected" && (this.#state === "closed" || this.isListening);
    if (!mayListen) fail("EINVAL");
    this.bindAutomatically();
    if (!this.isListening && this.local !== undefined && this.ports.conflicts(this, this.local)) fail("EADDRINUSE");
    if (this.local !== undefined) this.ports.hear(this.local.port, this);
    this.#state = "listening";
    this.receiveShut = this.sendShut = false;
    this.#accepted.setBacklog(backlog);
    this.#accepted.admitPending((client) => this.#admit(client));
  }

  override accept(): Socket | undefined {
    if (!this.isListening) fail("EINVAL");
    const child = this.#accepted.take();
    this.#accepted.admitPending((client) => this.#admit(client));
    return child;
  }

  override get acceptSettled(): boolean {
    return !this.#accepted.isEmpty || !this.isListening;
  }

  override shutdown(how: number): void {
    const [reading, writing] = [how !== Shut.write, how !== Shut.read];
    const isUnconnected = this.#state === "closed";
    if (this.isListening && !reading) return;
    if (this.isListening || this.#state === "connecting") {
      this.#disconnect();
      return;
    }
    if (reading) this.receiveShut = this.#readingShut = true;
    if (writing) {
      this.sendShut = true;
      if (this.#state === "established") this.#sendEnd();
    }
    this.touch();
    // It is marked all the same, for who waits for it (inet_shutdown, net/ipv4/af_inet.c).
    if (isUnconnected) fail("ENOTCONN");
  }

  #sendEnd(): void {
    if (this.#finSent) return;
    this.#finSent = true;
    const peer = this.#peer;
    if (peer !== undefined) peer.#receiveEnd();
    this.#closeWhenOver();
  }

  #receiveEnd(): void {
    this.#finReceived = true;
    this.receiveShut = true;
    this.#closeWhenOver();
    this.touch();
  }

  #closeWhenOver(): void {
    if (this.#finSent && this.#finReceived) this.#state = "closed";
  }

  /** The other end broke off, or nobody was reached. */
  reset(whyNotReached: ErrnoName = "ECONNREFUSED"): void {
    if (this.#state === "closed") return;
    this.error = this.#state === "connecting" ? whyNotReached : this.#finReceived ? "EPIPE" : "ECONNRESET";
    this.receiveShut = this.sendShut = true;
    this.#state = "closed";
    this.touch();
  }

  /** Ends whatever it was doing, and is as new but for what bind(2) fixed (tcp_disconnect, net/ipv4/tcp.c). */
  #disconnect(): void {
    this.#breakOff();
    this.#incoming.clear();
    this.#state = "closed";
    this.#phase = "unconnected";
    this.#peer = undefined;
    this.error = undefined;
    this.receiveShut = this.sendShut = this.#readingShut = this.#finSent = this.#finReceived = false;
    this.unconnect();
    this.touch();
  }

  /** Tells everyone connected, or about to be, that there is nobody here any more. */
  #breakOff(): void {
    const listener = this.#listener;
    if (listener !== undefined) listener.#accepted.deletePending(this);
    if (this.#state === "established") this.#peer?.reset();
    for (const client of this.#accepted.takePending()) client.reset();
    for (const child of this.#accepted.takeAll()) {
      child.#peer?.reset();
      child.#state = "closed";
      child.close();
    }
  }

  override get readableBytes(): number | undefined {
    return this.isListening ? fail("EINVAL") : this.#incoming.length;
  }

  override receive(into: Uint8Array, peek: boolean): Received | undefined {
    if (this.isListening) fail("ENOTCONN");
    const peer = this.#peer;
    const wasFull = peer !== undefined && !peer.#isWritable;
    const received = this.#urgent.take(this.#incoming, into, peek);
    if (received !== undefined) {
      if (wasFull && peer.#isWritable) peer.departures++;
      // Who sent it does not matter to a connection over the network.
      return { count: received.count, fullLength: received.fullLength };
    }
    if (!this.#finReceived) this.throwError();
    if (this.receiveShut) return { count: 0, fullLength: 0 };
    return this.#state === "closed" ? fail("ENOTCONN") : undefined;
  }

  override receiveSettled(least: number): boolean {
    if (this.receiveShut || this.error !== undefined || this.#state === "closed" || this.isListening) return true;
    return this.#incoming.length >= Math.max(least, 1);
  }

  override receiveUrgent(peek: boolean): number {
    return this.#urgent.read(peek);
  }

  override get isAtMark(): boolean {
    return this.#urgent.isReached;
  }

  override send(from: Uint8Array, { isUrgent = false }: Outgoing): number {
    if (this.#state === "connecting") return BLOCKED;
    const error = this.takeError();
    if (error !== undefined && error !== "EPIPE") fail(error);
    const peer = this.#peer;
    if (error !== undefined || this.#state !== "established" || this.sendShut || peer === undefined)
      throw new BrokenPipe();
    if (from.length === 0) return 0;
    if (peer.isGone || (peer.#finSent && peer.#readingShut)) {
      // Nobody there wants it: the other end breaks off.
      peer.reset();
      this.reset();
      return from.length;
    }
    const bytes = from.subarray(0, Math.max(this.#room, 0));
    if (bytes.length === 0) return BLOCKED;
    const isMarked = isUrgent && bytes.length === from.length;
    peer.#incoming.append(isMarked ? bytes.subarray(0, -1) : bytes, {});
    const isInline = peer.options.isOn(Level.socket, So.urgentInline);
    if (isMarked) peer.#urgent.set(from[from.length - 1], peer.#incoming, isInline);
    this.network.carried(bytes.length);
    peer.arrivals++;
    return bytes.length;
  }

  /** What may be on its way: what the sender may hold, and the receiver. */
  get #capacity(): number {
    const own = this.options.isSet(Level.socket, So.sendBuffer) ? this.options.sendBufferBytes : SEND_BUFFER_BYTES;
    return own + (this.#peer?.options.receiveBufferBytes ?? 0);
  }

  get #room(): number {
    return this.#capacity - this.underWayBytes;
  }

  override get sendFails(): boolean {
    return super.sendFails || (this.#state !== "established" && this.#state !== "connecting");
  }

  override sendSettled(): boolean {
    if (this.#state === "connecting") return false;
    return this.sendFails || this.#peer === undefined || this.#peer.isGone || this.#room > 0;
  }

  /** Bytes that the other end has not read yet. */
  get underWayBytes(): number {
    return this.#peer === undefined ? 0 : this.#peer.#incoming.length;
  }

  /** A third of the buffer must be free (sk_stream_wspace, net/sock.h). */
  get #isWritable(): boolean {
    return 3 * this.#room >= this.#capacity;
  }

  override poll(): number {
    if (this.isListening) return this.#accepted.isEmpty ? 0 : Poll.in | Poll.rdNorm;
    const hasRoom = this.#peer === undefined || this.#isWritable;
    const [isUrgent, waitingBytes] = [this.#urgent.isWaiting, this.#incoming.length];
    return tcpEvents(this, { state: this.#state, hasRoom, isUrgent, waitingBytes });
  }

  override peerAddress(): Buffer {
    if (this.#state !== "established") fail("ENOTCONN");
    return super.peerAddress();
  }

  /** The state as the kernel numbers it, for TCP_INFO and /proc/net/tcp. */
  get state(): TcpState {
    return tcpState(this.#state, this.#finSent, this.#finReceived);
  }

  /** For /proc/net/tcp: what waits to be sent and read, or for one that listens its backlog and who waits in it. */
  get queues(): { readonly sending: number; readonly receiving: number } {
    if (this.isListening) return { sending: this.#accepted.backlog, receiving: this.#accepted.length };
    return { sending: 0, receiving: this.#incoming.length };
  }

  override readOption(level: number, name: number): Buffer | undefined {
    return level === Level.tcp ? tcpOption(name, this.state) : undefined;
  }

  protected override released(): void {
    const { linger } = this.options;
    const isAborted = this.#incoming.length > 0 || (linger.isOn && linger.seconds === 0);
    if (this.#state === "established" && !isAborted) this.#sendEnd();
    else this.#breakOff();
    this.#incoming.clear();
    super.released();
  }
}
