import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { Poll } from "../files/open-file.ts";
import { Family, Shut, SocketType } from "./abi.ts";
import type { Peer, Received } from "./message-queue.ts";
import type { Network } from "./network.ts";
import type { Destination, Outgoing, SocketCaller } from "./socket.ts";
import { arrivalControl } from "./udp-control.ts";
import { UnixSocket } from "./unix-socket.ts";

/** Messages that may wait at one socket, however short (net.unix.max_dgram_qlen, as distributions set it). */
const MESSAGES_MAX = 512;
/** What of a send buffer a single message cannot have (unix_dgram_sendmsg, net/unix/af_unix.c). */
export const MESSAGE_RESERVE_BYTES = 32;

/** Whether one more message goes: a sender may fill its own buffer, and goes beyond it with the last one. */
export function hasRoom(sender: UnixSocket, target: UnixSocket): boolean {
  return target.incoming.heldBytes < sender.options.sendBufferBytes;
}

/** A Unix socket of datagrams: it needs no connection, and notices nothing of its end (unix(7)). */
export class UnixDatagram extends UnixSocket {
  peer: UnixDatagram | undefined;

  /** Two that are connected to each other (socketpair(2)). */
  static pair(network: Network, caller: Peer, flags: number): readonly [UnixSocket, UnixSocket] {
    const make = (): UnixDatagram => new UnixDatagram(network, SocketType.datagram, caller, flags);
    const pair = [make(), make()] as const;
    pair.forEach((one, i) => {
      one.peer = pair[1 - i];
      one.peerCredentials = { pid: caller.pid, uid: caller.uid, gid: caller.gid };
    });
    return pair;
  }

  override connect(address: Buffer, caller: SocketCaller): number {
    if (address.length < 2) fail("EINVAL");
    const isDissolved = address.readUInt16LE(0) === Family.unspecified;
    if (!isDissolved) this.bindForCredentials();
    const peer = isDissolved ? undefined : this.#findDatagram({ address, caller });
    if (peer !== undefined && !peer.#takesFrom(this)) fail("EPERM");
    const old = this.peer;
    this.peer = peer;
    if (old === undefined || old === peer || this.incoming.count === 0) return 0;
    // What the old partner sent is no longer wanted, and it learns so (unix_dgram_disconnected, net/unix/af_unix.c).
    this.incoming.clear();
    if (!old.isGone && old.peer === this) old.error = "ECONNRESET";
    return 0;
  }

  #findDatagram({ address, caller }: Destination): UnixDatagram {
    const found = this.find(address, caller);
    return found instanceof UnixDatagram ? found : fail("EPROTOTYPE");
  }

  /** Who is connected hears only its partner. */
  #takesFrom(sender: UnixDatagram): boolean {
    return this.peer === undefined || this.peer === sender;
  }

  override shutdown(how: number): void {
    if (how !== Shut.write) this.receiveShut = true;
    if (how !== Shut.read) this.sendShut = true;
    this.touch();
  }

  override get readableBytes(): number {
    return this.incoming.firstLength;
  }

  override receive(into: Uint8Array, peek: boolean, waits: boolean): Received | undefined {
    this.throwError();
    const received = this.incoming.takeMessage(into, peek);
    if (received !== undefined) {
      if (!peek && this.peer !== undefined) this.peer.departures++;
      return received;
    }
    // Who does not wait never learns of the end (__skb_try_recv_datagram, net/core/datagram.c).
    return this.receiveShut && waits ? { count: 0, fullLength: 0 } : undefined;
  }

  override receiveSettled(): boolean {
    return this.incoming.count > 0 || this.receiveShut || this.error !== undefined;
  }

  override send(from: Uint8Array, { to, passed, sender }: Outgoing): number {
    this.bindForCredentials();
    const target = (to === undefined ? this.peer : this.#findDatagram(to)) ?? fail("ENOTCONN");
    if (from.length > this.options.sendBufferBytes - MESSAGE_RESERVE_BYTES) fail("EMSGSIZE");
    this.throwError();
    if (this.sendShut) fail("EPIPE");
    if (!hasRoom(this, target)) return BLOCKED;
    if (target.isGone) this.#partnerIsGone(target);
    if (!target.#takesFrom(this)) fail("EPERM");
    if (target.receiveShut) fail("EPIPE");
    if (this.#isCrowded(target)) return BLOCKED;
    const source = this.name === undefined ? undefined : this.localAddress();
    const control = arrivalControl(target, this.network.realtimeNs);
    target.incoming.add(from, { passed, sender, source, control });
    target.arrivals++;
    return from.length;
  }

  #partnerIsGone(partner: UnixDatagram): never {
    if (this.peer === partner) this.peer = undefined;
    return fail("ECONNREFUSED");
  }

  /** A socket that many may send to takes only so many messages; a partner's own are bounded by the buffer. */
  #isCrowded(target: UnixDatagram): boolean {
    return target.peer !== this && target.incoming.count > MESSAGES_MAX;
  }

  override sendSettled(_length: number, to?: Destination): boolean {
    if (this.sendFails) return true;
    const target = to === undefined ? this.peer : this.findIfThere(to);
    if (!(target instanceof UnixDatagram) || target.isGone || target.receiveShut) return true;
    return hasRoom(this, target) && !this.#isCrowded(target);
  }

  override poll(): number {
    return this.commonEvents() | (this.#isWritable ? Poll.out | Poll.wrNorm | Poll.wrBand : 0);
  }

  /** A quarter of the buffer may be in use (unix_writable, net/unix/af_unix.c). */
  get #isWritable(): boolean {
    const { peer } = this;
    if (peer === undefined || peer.isGone) return true;
    return !this.#isCrowded(peer) && peer.incoming.heldBytes * 4 <= this.options.sendBufferBytes;
  }

  protected override disconnected(): void {
    this.peer?.touch();
  }
}
