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

/** Packets on the loopback interface have the usual number of hops before them. */
const HOPS = 64;

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
export function datagramControl(socket: Socket, to: Endpoint, ns: bigint): readonly ControlMessage[] {
  const { options } = socket;
  const told = arrivalControl(socket, ns);
  const add = (level: number, asked: number, type: number, data: Buffer): void => {
    if (options.isOn(level, asked)) told.push({ level, type, data });
  };
  const whole = Buffer.from(to.ip, "hex");
  if (isV4(to.ip)) {
    const host = whole.subarray(12);
    add(Level.ip, Ask.packetInfo, Told.packetInfo, Buffer.concat([int(LOOPBACK_INDEX), host, host]));
    add(Level.ip, Ask.timeToLive, Told.timeToLive, int(HOPS));
    add(Level.ip, Ask.typeOfService, Told.typeOfService, Buffer.from([0]));
  }
  add(Level.ipv6, Ask.v6PacketInfo, Told.v6PacketInfo, Buffer.concat([whole, int(LOOPBACK_INDEX)]));
  if (isV4(to.ip)) return told;
  add(Level.ipv6, Ask.v6HopLimit, Told.v6HopLimit, int(HOPS));
  add(Level.ipv6, Ask.v6TrafficClass, Told.v6TrafficClass, int(0));
  return told;
}
