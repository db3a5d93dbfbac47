import { BLOCKED } from "../blocked.ts";
import { Errno, type ErrnoName, fail } from "../errno.ts";
import { anonymousInode, anonymousStat, Open, OpenFile, Poll } from "../files/open-file.ts";
import { FileType, type Inode, type Owner, type Stat } from "../vfs/index.ts";
import type { ControlMessage, PassedFiles, Peer, Received } from "./message-queue.ts";
import type { Network } from "./network.ts";
import { SocketOptions } from "./options.ts";

/** What a socket counts as memory beside its buffers (struct tcp_sock and its file, net/tcp.h). */
const SOCKET_BYTES = 4096;

/** Who makes a call on a socket, and what a socket may ask of the file tree in its name. */
export interface SocketCaller extends Peer {
  /** Makes a socket's node at a free path: EEXIST and whatever a path may fail with. */
  makeNode(path: string): Inode;
  /** The file at a path, which the caller may write to. */
  findNode(path: string): Inode;
}

/** An address to send to, and who looks it up. */
export interface Destination {
  readonly address: Buffer;
  readonly caller: SocketCaller;
}

/** What goes out with the bytes of one send. */
export interface Outgoing {
  readonly sender: Peer;
  readonly passed?: PassedFiles | undefined;
  /** What else was said beside the bytes, to a socket of the internet. */
  readonly control?: readonly ControlMessage[] | undefined;
  /** Its last byte is urgent (MSG_OOB). */
  readonly isUrgent?: boolean;
  /** Absent for wherever the socket is connected to. */
  readonly to?: Destination | undefined;
}

/** What every socket is made from. */
export interface SocketKind {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

/** A socket (socket(7)). Addresses go in and out as the bytes of a struct sockaddr; failures are thrown as LinuxError. */
export abstract class Socket extends OpenFile {
  readonly network: Network;
  readonly kind: SocketKind;
  readonly options: SocketOptions;
  readonly ino = anonymousInode();
  readonly owner: Owner;
  /** What the next call fails with, and SO_ERROR tells. */
  error: ErrnoName | undefined;
  /** True when nothing more is to be read, or written: told by shutdown(2), or by the other end. */
  receiveShut = false;
  sendShut = false;
  /** Closed by its last holder; others may still know it. */
  isGone = false;
  /** Counts of what came in, and of room that came to be: edges for epoll(7). */
  arrivals = 0;
  departures = 0;

  constructor(network: Network, kind: SocketKind, owner: Owner, flags = 0, options = new SocketOptions(kind)) {
    super(Open.readWrite | (flags & Open.nonBlock));
    network.allowance.charge(SOCKET_BYTES);
    this.network = network;
    this.kind = kind;
    this.owner = { uid: owner.uid, gid: owner.gid };
    this.options = options;
    network.sockets.add(this);
  }

  get label(): string {
    return `socket:[${this.ino}]`;
  }

  override stat(): Stat {
    return anonymousStat(FileType.socket | 0o777, this.ino, this.owner);
  }

  /** True when bytes have no borders: stream sockets. */
  abstract readonly isStream: boolean;

  /** Messages must reach one buffer whole. */
  override get movesRecords(): boolean {
    return !this.isStream;
  }

  abstract bind(address: Buffer, caller: SocketCaller): void;

  /** {@link BLOCKED} while the other side has not answered; the call is then made again when {@link connectSettled}. */
  abstract connect(address: Buffer, caller: SocketCaller, waits: boolean): number;

  get connectSettled(): boolean {
    return true;
  }

  listen(_backlog: number, _caller: SocketCaller): void {
    fail("EOPNOTSUPP");
  }

  get isListening(): boolean {
    return false;
  }

  /** The oldest connection, or undefined when there is none yet. */
  accept(): Socket | undefined {
    return fail("EOPNOTSUPP");
  }

  /** Whether {@link accept} would answer now, if only with a failure. */
  get acceptSettled(): boolean {
    return true;
  }

  abstract shutdown(how: number): void;
  /** An option of this kind of socket that is more than a number; undefined for a name that is none. */
  readOption(_level: number, _name: number): Buffer | undefined {
    return undefined;
  }

  /** False for a name that is none of this kind's own. */
  writeOption(_level: number, _name: number, _value: Buffer): boolean {
    return false;
  }

  abstract localAddress(): Buffer;
  /** ENOTCONN without one. */
  abstract peerAddress(): Buffer;

  /** What accept(2) tells of the other end, which may be gone already. */
  peerName(): Buffer {
    return this.peerAddress();
  }

  /** Takes, or to peek copies, what is there; undefined when there is nothing yet, a count of 0 at the end. */
  abstract receive(into: Uint8Array, peek: boolean, waits: boolean): Received | undefined;

  /** The urgent byte, for sockets that know such. */
  receiveUrgent(_peek: boolean): number {
    return fail("EOPNOTSUPP");
  }

  /** SIOCATMARK. */
  get isAtMark(): boolean {
    return false;
  }

  /** Whether {@link receive} would answer now; `least` bytes or the end, for MSG_WAITALL. */
  abstract receiveSettled(least: number): boolean;

  /** Sends as much as there is room for, a message only whole; {@link BLOCKED} when there is none. */
  abstract send(from: Uint8Array, outgoing: Outgoing): number;

  /** Whether {@link send} would answer now. */
  abstract sendSettled(length: number, to?: Destination): boolean;

  override read(into: Uint8Array): number {
    const received = this.receive(into, false, !this.nonBlocking);
    if (received === undefined) return BLOCKED;
    received.passed?.release();
    return received.count;
  }

  override write(from: Uint8Array): number {
    return this.send(from, { sender: this.network.caller });
  }

  override canTake(length: number): boolean {
    return this.sendSettled(length);
  }

  /** SIOCOUTQ: what was sent and not read yet. */
  get unreadBytes(): number {
    return 0;
  }

  /** Whether the next {@link send} is sure to fail, without taking the failure. */
  get sendFails(): boolean {
    return this.error !== undefined || this.sendShut;
  }

  /** The failure that is waiting to be told, which is told once. */
  takeError(): ErrnoName | undefined {
    const { error } = this;
    this.error = undefined;
    return error;
  }

  throwError(): void {
    const error = this.takeError();
    if (error !== undefined) fail(error);
  }

  /** SO_ERROR: the number of the failure waiting, 0 without one. */
  takeErrno(): number {
    const error = this.takeError();
    return error === undefined ? 0 : Errno[error];
  }

  /** Something happened that who waits for this socket should look at. */
  touch(): void {
    this.arrivals++;
    this.departures++;
  }

  override activity(events: number): number {
    return ((events & Poll.in) !== 0 ? this.arrivals : 0) + ((events & Poll.out) !== 0 ? this.departures : 0);
  }

  protected override closed(): void {
    this.isGone = true;
    this.network.sockets.delete(this);
    this.network.allowance.refund(SOCKET_BYTES);
    this.released();
  }

  /** Tells the other end, and gives up what the socket held. */
  protected abstract released(): void;
}
