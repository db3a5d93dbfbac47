import { fail } from "../errno.ts";
import { LOOPBACK_INDEX } from "./abi.ts";
import { type Endpoint, isV4 } from "./ip-address.ts";
import type { ControlMessage } from "./message-queue.ts";
import { Level } from "./options.ts";
import type { Socket } from "./socket.ts";

/** Names of options that ask for control messages, and of those messages (linux/in.h, linux/in6.h, asm-generic/socket.h). */
const Ask = {
  timestamp: 29,
  timestampNs: 35,
  packetInfo: 8,
  timeToLive: 12,
  typeOfService: 13,
  v6PacketInfo: 49,
  v6HopLimit: 51,
  v6TrafficClass: 66,
} as const;
const Told = {
  packetInfo: 8,
  timeToLive: 2,
  typeOfService: 1,
  v6PacketInfo: 50,
  v6HopLimit: 52,
  v6TrafficClass: 67,
} as const;

/** Options of the sender that its packets show. */
const Own = { timeToLive: 2, typeOfService: 1, v6HopLimit: 16, v6TrafficClass: 67 } as const;

/** What a datagram's header says beside its addresses. */
export interface PacketHead {
  readonly hops: number;
  readonly trafficClass: number;
}

const intOf = (data: Uint8Array): number => Buffer.from(data).readInt32LE(0);

/** A number of a control message: EINVAL for another length or beyond these. */
function numberOf({ data }: ControlMessage, least: number, mayBeByte: boolean): number {
  if (mayBeByte && data.length === 1) return data[0];
  const value = data.length === 4 ? intOf(data) : fail("EINVAL");
  return value >= least && value <= 255 ? value : fail("EINVAL");
}

/**
 * The header of a datagram: what the sender's options say, or its control messages for this one: EINVAL for what is none
 * (ip_cmsg_send, ip6_datagram_send_ctl). From where it goes is not its to say: there is one interface.
 */
export function packetHead({ options }: Socket, isV4Target: boolean, control: readonly ControlMessage[]): PacketHead {
  const level = isV4Target ? Level.ip : Level.ipv6;
  let hops = options.get(level, isV4Target ? Own.timeToLive : Own.v6HopLimit) ?? 0;
  let trafficClass = options.get(level, isV4Target ? Own.typeOfService : Own.v6TrafficClass) ?? 0;
  for (const message of control) {
    if (message.level !== level) continue;
    const { type } = message;
    if (type === (isV4Target ? Told.timeToLive : Told.v6HopLimit)) {
      const wanted = numberOf(message, isV4Target ? 1 : -1, false);
      if (wanted >= 0) hops = wanted;
    } else if (type === (isV4Target ? Told.typeOfService : Told.v6TrafficClass)) {
      const wanted = numberOf(message, isV4Target ? 0 : -1, isV4Target);
      if (wanted >= 0) trafficClass = wanted;
    } else if (type !== (isV4Target ? Told.packetInfo : Told.v6PacketInfo)) fail("EINVAL");
  }
  return { hops, trafficClass };
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}

/** When a message came, for who asked (socket(7), SO_TIMESTAMP). */
export function arrivalControl({ options }: Socket, ns: bigint): ControlMessage[] {
  const time = (fraction: bigint): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64LE(ns / 1_000_000_000n, 0);
    bytes.writeBigInt64LE((ns % 1_000_000_000n) / fraction, 8);
    return bytes;
  };
  if (options.isOn(Level.socket, Ask.timestampNs))
    return [{ level: Level.socket, type: Ask.timestampNs, data: time(1n) }];
  if (options.isOn(Level.socket, Ask.timestamp))
    return [{ level: Level.socket, type: Ask.timestamp, data: time(1000n) }];
  return [];
}

/** What a receiver asked to be told about a datagram that came to `to` (ip(7), ipv6(7)). */
export function datagramControl(
  socket: Socket,
  to: Endpoint,
  { hops, trafficClass }: PacketHead,
  ns: bigint,
): readonly ControlMessage[] {
  const { options } = socket;
  const told = arrivalControl(socket, ns);
  const add = (level: number, asked: number, type: number, data: Buffer): void => {
    if (options.isOn(level, asked)) told.push({ level, type, data });
  };
  const whole = Buffer.from(to.ip, "hex");
  if (isV4(to.ip)) {
    const host = whole.subarray(12);
    add(Level.ip, Ask.packetInfo, Told.packetInfo, Buffer.concat([int(LOOPBACK_INDEX), host, host]));
    add(Level.ip, Ask.timeToLive, Told.timeToLive, int(hops));
    add(Level.ip, Ask.typeOfService, Told.typeOfService, Buffer.from([trafficClass]));
  }
  add(Level.ipv6, Ask.v6PacketInfo, Told.v6PacketInfo, Buffer.concat([whole, int(LOOPBACK_INDEX)]));
  if (isV4(to.ip)) return told;
  add(Level.ipv6, Ask.v6HopLimit, Told.v6HopLimit, int(hops));
  add(Level.ipv6, Ask.v6TrafficClass, Told.v6TrafficClass, int(trafficClass));
  return told;
}
