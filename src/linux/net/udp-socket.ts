import { fail } from "../errno.ts";
import { Poll } from "../files/open-file.ts";
import type { Owner } from "../vfs/index.ts";
import { Family, Shut, SocketType } from "./abi.ts";
import { InetSocket } from "./inet-socket.ts";
import { type Endpoint, isAny, isLocal, isV4, readEndpoint, writeEndpoint } from "./ip-address.ts";
import { MessageQueue, type Received } from "./message-queue.ts";
import type { Network } from "./network.ts";
import { Level } from "./options.ts";
import type { Outgoing } from "./socket.ts";
import { datagramControl, type PacketHead, packetHead } from "./udp-control.ts";

/** What fits into one datagram: 65,535 bytes less the headers of IPv4 and UDP, or of UDP alone (RFC 768, RFC 8200). */
const PAYLOAD_BYTES_V4 = 65_507;
const PAYLOAD_BYTES_V6 = 65_527;
const LENGTH_MAX = 65_535;
const IP_RECVERR = 11;

/** A UDP socket (udp(7)). What the receiver has no room for is lost, as on any network. */
export class UdpSocket extends InetSocket {
  override readonly isStream = false;
  override readonly isConnecting = false;
  readonly #incoming: MessageQueue;

  /** @param protocol UDP, or UDP-Lite, whose checksums may leave out what nothing damages here (udplite(7)) */
  constructor(network: Network, family: number, protocol: number, owner: Owner, flags = 0) {
    super(network, { family, type: SocketType.datagram, protocol }, owner, flags);
    this.#incoming = new MessageQueue(network.allowance);
  }

  override connect(address: Buffer): number {
    if (address.length < 2) fail("EINVAL");
    if (address.readUInt16LE(0) === Family.unspecified) {
      this.unconnect();
      return 0;
    }
    this.bindAutomatically();
    const to = this.readDestination(address);
    this.place({ ip: this.sourceFor(to.ip), port: this.local?.port ?? 0 });
    this.remote = to;
    return 0;
  }

  override shutdown(how: number): void {
    if (how !== Shut.write) this.receiveShut = true;
    if (how !== Shut.read) this.sendShut = true;
    this.touch();
    // It is marked all the same (inet_shutdown, net/ipv4/af_inet.c).
    if (this.remote === undefined) fail("ENOTCONN");
  }

  override get readableBytes(): number {
    return this.#incoming.firstLength;
  }

  override receive(into: Uint8Array, peek: boolean, waits: boolean): Received | undefined {
    this.throwError();
    const received = this.#incoming.takeMessage(into, peek);
    if (received !== undefined) return received;
    // Who does not wait never learns of the end (__skb_recv_udp, net/ipv4/udp.c).
    return this.receiveShut && waits ? { count: 0, fullLength: 0 } : undefined;
  }

  override receiveSettled(): boolean {
    return this.#incoming.count > 0 || this.receiveShut || this.error !== undefined;
  }

  override send(from: Uint8Array, { to, control = [] }: Outgoing): number {
    if (from.length > LENGTH_MAX) fail("EMSGSIZE");
    const given = to === undefined ? undefined : this.#readTarget(to.address);
    const target = given ?? this.remote ?? fail("EDESTADDRREQ");
    const head = packetHead(this, isV4(target.ip), control);
    this.bindAutomatically();
    if (from.length > (isV4(target.ip) ? PAYLOAD_BYTES_V4 : PAYLOAD_BYTES_V6)) fail("EMSGSIZE");
    this.throwError();
    if (this.sendShut) fail("EPIPE");
    const source = { ip: this.sourceFor(target.ip), port: this.local?.port ?? 0 };
    if (!isLocal(target.ip)) return this.#sendOut(from, target, source, head);
    const receiver = this.#receiverOf(target, source);
    this.network.carried(from.length);
    if (receiver !== undefined) receiver.#take(from, source, target, head);
    else if (this.remote !== undefined || this.options.isOn(Level.ip, IP_RECVERR)) {
      // Only who is connected, or asked for it, learns that nobody is there (udp(7), "Error handling").
      this.error = "ECONNREFUSED";
      this.touch();
    }
    return from.length;
  }

  /** An answer is there at once. */
  #sendOut(from: Uint8Array, target: Endpoint, source: Endpoint, head: PacketHead): number {
    const answer = this.network.egress.answer(from);
    if (answer !== undefined && this.#hears(target)) this.#take(answer, target, source, head);
    return from.length;
  }

  /** The address of one send; undefined when it says to use that of the connection. */
  #readTarget(address: Buffer): Endpoint | undefined {
    const { family } = this.kind;
    if (address.length < 2) fail("EINVAL");
    const said = address.readUInt16LE(0);
    if (family === Family.inet) readEndpoint(address, family);
    if (family === Family.inet6 && said === Family.unspecified) return undefined;
    // IPv4 may be spoken of as such on a socket of IPv6, and as nothing in particular on its own (udp_sendmsg, udpv6_sendmsg).
    const spoken = said === Family.unspecified ? family : said;
    if (spoken !== Family.inet && spoken !== family) fail(family === Family.inet ? "EAFNOSUPPORT" : "EINVAL");
    if (spoken === Family.inet && family === Family.inet6 && this.isV6Only) fail("ENETUNREACH");
    const to = readEndpoint(address, spoken);
    if (to.port === 0) fail("EINVAL");
    return this.reachable(to);
  }

  #receiverOf(to: Endpoint, from: Endpoint): UdpSocket | undefined {
    const hearing = this.ports.hearing(to).filter((one) => one instanceof UdpSocket && one.#hears(from));
    const receiver = hearing.find((one) => one.remote !== undefined) ?? hearing[0];
    return receiver instanceof UdpSocket ? receiver : undefined;
  }

  /** Who is connected hears only its partner. */
  #hears(from: Endpoint): boolean {
    return this.remote === undefined || (this.remote.ip === from.ip && this.remote.port === from.port);
  }

  #take(bytes: Uint8Array, from: Endpoint, to: Endpoint, head: PacketHead): void {
    // It may go beyond its room with the last one (sock_queue_rcv_skb, net/core/sock.c).
    if (this.#incoming.heldBytes >= this.options.receiveBufferBytes) return;
    const source = writeEndpoint(from, this.kind.family);
    this.#incoming.add(bytes, { source, control: datagramControl(this, to, head, this.network.realtimeNs) });
    this.arrivals++;
  }

  override sendSettled(): boolean {
    return true;
  }

  override poll(): number {
    return (
      (this.#incoming.count > 0 || this.receiveShut ? Poll.in | Poll.rdNorm : 0) |
      (this.receiveShut ? Poll.rdHup : 0) |
      (this.receiveShut && this.sendShut ? Poll.hup : 0) |
      (this.error !== undefined ? Poll.err : 0) |
      (Poll.out | Poll.wrNorm | Poll.wrBand)
    );
  }

  override peerAddress(): Buffer {
    return this.remote === undefined || isAny(this.remote.ip) ? fail("ENOTCONN") : super.peerAddress();
  }

  /** For /proc/net/udp: bytes that wait. */
  get waitingBytes(): number {
    return this.#incoming.heldBytes;
  }

  protected override released(): void {
    this.#incoming.clear();
    super.released();
  }
}
