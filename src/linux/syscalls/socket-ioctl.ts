import { byteStringOf } from "../../base/byte-string.ts";
import { fail } from "../errno.ts";
import { Family } from "../net/abi.ts";
import { ADDRESSES, addressBytes, LOOPBACK } from "../net/interface.ts";
import { isV4 } from "../net/ip-address.ts";
import type { Socket } from "../net/socket.ts";
import type { Call } from "./call.ts";

/** Requests of netdevice(7) and of sockets (linux/sockios.h, asm-generic/ioctls.h). */
const Ask = { unsent: 0x5411, atMark: 0x8905, name: 0x8910, list: 0x8912 } as const;

/** struct ifreq: a name of 16 bytes and 24 for all else; what a request puts there. */
const NAME_BYTES = 16;
const REQUEST_BYTES = 40;

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff, 0);
  return bytes;
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}

/** A struct sockaddr_in. */
function v4Address(host: Uint8Array): Buffer {
  return Buffer.concat([short(Family.inet), Buffer.alloc(2), host, Buffer.alloc(8)]);
}

const OWN_V4 = ADDRESSES.filter(({ ip }) => isV4(ip)).map(({ ip }) => addressBytes(ip));

/** What is asked of an interface by its name. */
const TOLD: Readonly<Record<number, Buffer>> = {
  35091: short(LOOPBACK.flags), // SIOCGIFFLAGS
  35101: int(0), // SIOCGIFMETRIC
  35105: int(LOOPBACK.mtu), // SIOCGIFMTU
  35111: Buffer.concat([short(LOOPBACK.hardwareType), Buffer.alloc(14)]), // SIOCGIFHWADDR
  35123: int(LOOPBACK.index), // SIOCGIFINDEX
  35138: int(LOOPBACK.queueLength), // SIOCGIFTXQLEN
  35184: Buffer.alloc(24), // SIOCGIFMAP
};

/** The same of sockets of IPv4 only. */
const TOLD_V4: Readonly<Record<number, Buffer>> = {
  35093: v4Address(OWN_V4[0]), // SIOCGIFADDR
  35095: v4Address(OWN_V4[0]), // SIOCGIFDSTADDR
  35097: v4Address(Buffer.alloc(4)), // SIOCGIFBRDADDR
  35099: v4Address(Buffer.from([255, 0, 0, 0])), // SIOCGIFNETMASK
};

/** Changing an interface or a route is for who administers the network: SIOCSIF…, SIOCADDRT, SIOCDELRT. */
const CHANGES: ReadonlySet<number> = new Set([
  ...[0x890b, 0x890c, 0x8914, 0x8916, 0x8918, 0x891a, 0x891c, 0x891e, 0x8922, 0x8923, 0x8924, 0x8943],
]);

/** ioctl(2) of a socket beyond what every file knows: ENOTTY, ENODEV, EPERM. */
export function socketIoctl(call: Call, socket: Socket): number {
  const request = call.uint(1);
  const pointer = call.unsigned(2);
  switch (request) {
    case Ask.unsent:
      if (socket.isListening) fail("EINVAL");
      call.memory.writeU32(pointer, socket.unreadBytes);
      return 0;
    case Ask.atMark:
      if (!socket.isStream) fail("ENOTTY");
      call.memory.writeU32(pointer, socket.isAtMark ? 1 : 0);
      return 0;
    case Ask.list:
      return listInterfaces(call, pointer);
    case Ask.name:
      if (call.memory.readI32(pointer + NAME_BYTES) !== LOOPBACK.index) fail("ENODEV");
      call.memory.write(pointer, interfaceName());
      return 0;
    default:
      return tell(call, socket, request, pointer);
  }
}

function tell(call: Call, socket: Socket, request: number, pointer: number): number {
  if (CHANGES.has(request)) fail("EPERM");
  const told = TOLD[request] ?? (socket.kind.family === Family.inet ? TOLD_V4[request] : undefined);
  if (told === undefined) return fail("ENOTTY");
  const name = call.memory.read(pointer, NAME_BYTES);
  const end = name.indexOf(0);
  if (byteStringOf(name.subarray(0, end < 0 ? NAME_BYTES : end)) !== LOOPBACK.name) fail("ENODEV");
  call.memory.write(pointer + NAME_BYTES, told);
  return 0;
}

function interfaceName(): Buffer {
  const bytes = Buffer.alloc(NAME_BYTES);
  bytes.set(Buffer.from(LOOPBACK.name));
  return bytes;
}

/** SIOCGIFCONF: as many struct ifreq as there is room for, or without a buffer how much room they take. */
function listInterfaces(call: Call, pointer: number): number {
  const room = call.memory.readI32(pointer);
  const into = call.memory.readU64(pointer + 8);
  const all = OWN_V4.map((host) => Buffer.concat([interfaceName(), v4Address(host), Buffer.alloc(8)]));
  const fitting = into === 0 ? all : all.slice(0, Math.max(Math.floor(room / REQUEST_BYTES), 0));
  if (into !== 0) call.memory.write(into, Buffer.concat(fitting));
  call.memory.writeU32(pointer, fitting.length * REQUEST_BYTES);
  return 0;
}
