import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { Poll } from "../files/open-file.ts";
import type { Owner } from "../vfs/index.ts";
import { Family } from "./abi.ts";
import { MessageQueue, type Received } from "./message-queue.ts";
import { readRequests } from "./netlink-message.ts";
import type { Network } from "./network.ts";
import { answer } from "./routing-answers.ts";
import { type Outgoing, Socket, type SocketCaller } from "./socket.ts";

/** struct sockaddr_nl: family, port, groups (linux/netlink.h). */
const ADDRESS_BYTES = 12;
/** Ports for the second and later sockets of a process (netlink_autobind, net/netlink/af_netlink.c). */
const SPARE_PORT = 0xffff_efff;

/** A socket to ask the kernel about the network (netlink(7), rtnetlink(7)). It only tells; nothing can be changed. */
export class NetlinkSocket extends Socket {
  override readonly isStream = false;
  readonly #incoming: MessageQueue;
  #port: number | undefined;
  /** Groups it wants to hear of. Nothing ever happens to the one interface. */
  #groups = 0;

  constructor(network: Network, type: number, owner: Owner, flags: number) {
    super(network, { family: Family.netlink, type, protocol: 0 }, owner, flags);
    this.#incoming = new MessageQueue(network.allowance);
  }

  override bind(address: Buffer, caller: SocketCaller): void {
    if (address.length < ADDRESS_BYTES || address.readUInt16LE(0) !== Family.netlink) fail("EINVAL");
    const port = address.readUInt32LE(4);
    if (this.#port !== undefined && port !== this.#port) fail("EINVAL");
    if (port !== 0 && this.#port === undefined) {
      if (this.network.netlinkPorts.has(port)) fail("EADDRINUSE");
      this.#take(port);
    }
    this.#bindAutomatically(caller.pid);
    this.#groups = address.readUInt32LE(8);
  }

  #take(port: number): void {
    this.#port = port;
    this.network.netlinkPorts.add(port);
  }

  /** The process's own number, as long as it is free. */
  #bindAutomatically(pid: number): number {
    if (this.#port !== undefined) return this.#port;
    const { netlinkPorts } = this.network;
    let port = pid;
    for (let spare = SPARE_PORT; netlinkPorts.has(port); spare--) port = spare;
    this.#take(port);
    return port;
  }

  /** Only the kernel answers, whose port is 0. */
  override connect(address: Buffer, caller: SocketCaller): number {
    if (address.length < 2) fail("EINVAL");
    if (address.readUInt16LE(0) === Family.unspecified) return 0;
    if (address.length < ADDRESS_BYTES || address.readUInt16LE(0) !== Family.netlink) fail("EINVAL");
    if (address.readUInt32LE(4) !== 0) fail("ECONNREFUSED");
    this.#bindAutomatically(caller.pid);
    return 0;
  }

  override shutdown(): void {
    fail("EOPNOTSUPP");
  }

  override localAddress(): Buffer {
    return netlinkAddress(this.#port ?? 0, this.#groups);
  }

  override peerAddress(): Buffer {
    return netlinkAddress(0, 0);
  }

  override receive(into: Uint8Array, peek: boolean): Received | undefined {
    return this.#incoming.takeMessage(into, peek);
  }

  override receiveSettled(): boolean {
    return this.#incoming.count > 0;
  }

  override send(from: Uint8Array, { sender, to }: Outgoing): number {
    if (to !== undefined) {
      const { address } = to;
      if (address.length < ADDRESS_BYTES || address.readUInt16LE(0) !== Family.netlink) fail("EINVAL");
      if (address.readUInt32LE(4) !== 0) fail("ECONNREFUSED");
      if (address.readUInt32LE(8) !== 0) fail("EPERM");
    }
    const port = this.#bindAutomatically(sender.pid);
    if (!this.sendSettled()) return BLOCKED;
    for (const request of readRequests(Buffer.from(from))) {
      this.network.allowance.work();
      for (const reply of answer(request, port))
        this.#incoming.add(reply, { source: this.peerAddress(), sender: { pid: 0, uid: 0, gid: 0 } });
      this.arrivals++;
    }
    return from.length;
  }

  /** Who does not fetch the answers gets no further ones. */
  override sendSettled(): boolean {
    return this.#incoming.heldBytes < this.options.receiveBufferBytes;
  }

  override poll(): number {
    return (this.#incoming.count > 0 ? Poll.in | Poll.rdNorm : 0) | Poll.out | Poll.wrNorm | Poll.wrBand;
  }

  protected override released(): void {
    if (this.#port !== undefined) this.network.netlinkPorts.delete(this.#port);
    this.#incoming.clear();
  }
}

function netlinkAddress(port: number, groups: number): Buffer {
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  bytes.writeUInt16LE(Family.netlink, 0);
  bytes.writeUInt32LE(port, 4);
  bytes.writeUInt32LE(groups, 8);
  return bytes;
}
