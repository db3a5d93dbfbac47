import { fail, LinuxError } from "../errno.ts";
import { Poll } from "../files/open-file.ts";
import type { Inode, Owner } from "../vfs/index.ts";
import { Family, SocketType } from "./abi.ts";
import { MessageQueue, type Peer } from "./message-queue.ts";
import type { Network } from "./network.ts";
import { type Destination, Socket, type SocketCaller } from "./socket.ts";
import { pathName, readUnixAddress, type UnixName, unixAddress } from "./unix-names.ts";

/** What Unix sockets of every kind have: a name, at most one partner, and what is on its way to them (unix(7)). */
export abstract class UnixSocket extends Socket {
  readonly incoming: MessageQueue;
  name: UnixName | undefined;
  /** Who listens, or who connected (SO_PEERCRED). */
  peerCredentials: Peer | undefined;

  constructor(network: Network, type: number, owner: Owner, flags = 0) {
    super(network, { family: Family.unix, type, protocol: 0 }, owner, flags);
    this.incoming = new MessageQueue(network.allowance);
  }

  abstract readonly peer: UnixSocket | undefined;

  override get isStream(): boolean {
    return this.kind.type === SocketType.stream;
  }

  override bind(address: Buffer, caller: SocketCaller): void {
    if (address.length === 2 && address.readUInt16LE(0) === Family.unix) {
      this.#bindAutomatically();
      return;
    }
    const target = readUnixAddress(address);
    if (target.kind === "abstract") {
      if (this.name !== undefined) fail("EINVAL");
      this.#named(this.network.unixNames.claim(target.bytes));
      return;
    }
    if (this.name !== undefined) refuseSecondName(caller, target.path);
    try {
      this.#named(pathName(target.path, caller.makeNode(target.path)));
    } catch (error) {
      throw error instanceof LinuxError && error.name === "EEXIST" ? new LinuxError("EADDRINUSE") : error;
    }
  }

  #named(name: UnixName): void {
    this.name = name;
    this.network.unixNames.set(name, this);
  }

  #bindAutomatically(): void {
    if (this.name === undefined) this.#named(this.network.unixNames.automatic());
  }

  /** Whoever wants to be told of senders is told to others as well (unix(7), "Autobind feature"). */
  protected bindForCredentials(): void {
    if (this.options.passesCredentials) this.#bindAutomatically();
  }

  /** The socket of that name: ECONNREFUSED, EPROTOTYPE. */
  protected find(address: Buffer, caller: SocketCaller): UnixSocket {
    const target = readUnixAddress(address);
    const { unixNames } = this.network;
    const found =
      target.kind === "abstract" ? unixNames.abstract(target.bytes) : unixNames.at(caller.findNode(target.path));
    if (found === undefined) return fail("ECONNREFUSED");
    return found.kind.type === this.kind.type ? found : fail("EPROTOTYPE");
  }

  /** The same without a failure, for asking again whether a send can go on. */
  protected findIfThere({ address, caller }: Destination): UnixSocket | undefined {
    try {
      return this.find(address, caller);
    } catch (error) {
      if (error instanceof LinuxError) return undefined;
      throw error;
    }
  }

  override localAddress(): Buffer {
    return unixAddress(this.name);
  }

  override peerAddress(): Buffer {
    return this.peer === undefined ? fail("ENOTCONN") : unixAddress(this.peer.name);
  }

  /** SIOCOUTQ: memory that holds what the other end has not read. */
  override get unreadBytes(): number {
    return this.peer?.incoming.heldBytes ?? 0;
  }

  /** The events that do not depend on the kind of socket. */
  protected commonEvents(): number {
    return (
      (this.incoming.count > 0 || this.receiveShut ? Poll.in | Poll.rdNorm : 0) |
      (this.receiveShut ? Poll.rdHup : 0) |
      (this.receiveShut && this.sendShut ? Poll.hup : 0) |
      (this.error !== undefined ? Poll.err : 0)
    );
  }

  protected override released(): void {
    // A connection goes by the name of the socket it was accepted by.
    if (this.name !== undefined && this.network.unixNames.holder(this.name) === this)
      this.network.unixNames.delete(this.name);
    this.disconnected();
    this.incoming.clear();
  }

  protected abstract disconnected(): void;
}

/** A socket has one name; that another is taken as well is noticed first. */
function refuseSecondName(caller: SocketCaller, path: string): never {
  let inode: Inode | undefined;
  try {
    inode = caller.findNode(path);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
  return fail(inode === undefined ? "EINVAL" : "EADDRINUSE");
}
