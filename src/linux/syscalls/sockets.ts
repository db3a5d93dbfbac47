import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { InetSocket } from "../files/inet-socket.ts";
import { Open } from "../files/open-file.ts";
import { SocketEnd, type SocketKind } from "../files/socket-pair.ts";
import type { Call, SyscallTable } from "./call.ts";
import { installPair } from "./descriptors.ts";
import { Msg, readHeader, receive, send } from "./socket-messages.ts";

/** Address families (linux/socket.h). */
const Family = { unix: 1, inet: 2, inet6: 10 } as const;
const SOCK_TYPE_MASK = 0xf;
const SocketType = { stream: 1, datagram: 2, sequencedPacket: 5 } as const;
/** Longest socket address we look at (struct sockaddr_storage). */
const ADDRESS_BYTES_MAX = 128;

type Socket = SocketEnd | InetSocket;

function socketOf(call: Call): Socket {
  const file = call.process.files.get(call.int(0));
  return file instanceof SocketEnd || file instanceof InetSocket ? file : fail("ENOTSOCK");
}

function socket(call: Call): number {
  const family = call.int(0);
  const type = call.int(1) & SOCK_TYPE_MASK;
  if (family === Family.unix) return install(call, unconnected());
  if (family !== Family.inet && family !== Family.inet6) fail("EAFNOSUPPORT");
  // Raw sockets need a capability (raw(7)).
  if (type !== SocketType.stream && type !== SocketType.datagram) fail(type === 3 ? "EPERM" : "EPROTONOSUPPORT");
  return install(call, new InetSocket(family, type, call.int(1)));
}

/** A Unix socket of its own: one end of a pair whose other end nobody has. */
function unconnected(): InetSocket {
  return new InetSocket(Family.unix, SocketType.stream, 0);
}

function install(call: Call, file: Socket): number {
  return call.process.files.install(file, (call.int(1) & Open.closeOnExec) !== 0);
}

/** Kinds of Unix sockets; a raw one counts as a datagram (unix(7)). */
const KINDS: Readonly<Record<number, SocketKind>> = {
  [SocketType.stream]: "stream",
  [SocketType.datagram]: "datagram",
  3: "datagram",
  [SocketType.sequencedPacket]: "sequenced",
};

function socketpair(call: Call): number {
  const type = call.int(1) & SOCK_TYPE_MASK;
  const family = call.int(0);
  if (family === Family.inet || family === Family.inet6) fail("EOPNOTSUPP");
  if (family !== Family.unix) fail("EAFNOSUPPORT");
  const kind = KINDS[type] ?? fail("ESOCKTNOSUPPORT");
  const ends = SocketEnd.pair(kind, call.int(1), call.kernel.allowance);
  return installPair(call, ends, (call.int(1) & Open.closeOnExec) !== 0, call.unsigned(3));
}

interface Address {
  readonly family: number;
  readonly bytes: Buffer;
}

function readAddress(call: Call, pointer: number, length: number): Address {
  if (length < 2 || length > ADDRESS_BYTES_MAX) fail("EINVAL");
  const bytes = call.memory.read(pointer, length);
  return { family: bytes.readUInt16LE(0), bytes };
}

/** Text of an address for the run's record of egress attempts. */
function describe({ family, bytes }: Address): string {
  if (family === Family.inet && bytes.length >= 8) return `${bytes.subarray(4, 8).join(".")}:${bytes.readUInt16BE(2)}`;
  if (family === Family.inet6 && bytes.length >= 24)
    return `[${bytes.toString("hex", 8, 24).replace(/(....)(?!$)/g, "$1:")}]:${bytes.readUInt16BE(2)}`;
  return `family ${family}`;
}

/** No interface, so no route: what Linux answers when asked to reach anyone (connect(2), ip(7)). */
function unreachable(call: Call, address: Address): never {
  if (address.family === Family.unix) {
    const end = address.bytes.indexOf(0, 3);
    const path = address.bytes.toString("latin1", 2, end < 0 ? address.bytes.length : end);
    if (!path.startsWith("\0"))
      call.kernel.vfs.resolve(call.process.fs.cwd, path, { followLast: true, credentials: call.process.credentials });
    return fail("ECONNREFUSED");
  }
  call.kernel.diagnostics.egress(describe(address));
  return fail("ENETUNREACH");
}

function connect(call: Call): number {
  const file = socketOf(call);
  if (file instanceof SocketEnd) return fail("EISCONN");
  return unreachable(call, readAddress(call, call.unsigned(1), call.int(2)));
}

const ANY_ADDRESS = Buffer.alloc(4);

/** Only the wildcard address exists on a machine without interfaces. */
function bind(call: Call): number {
  const file = socketOf(call);
  const { family, bytes } = readAddress(call, call.unsigned(1), call.int(2));
  if (file instanceof SocketEnd || family === Family.unix) return fail("EACCES");
  const wildcard =
    family === Family.inet
      ? bytes.subarray(4, 8).equals(ANY_ADDRESS)
      : bytes.subarray(8, 24).every((byte) => byte === 0);
  return wildcard ? 0 : fail("EADDRNOTAVAIL");
}

/** What an unconnected socket answers to bytes, told without looking at them. */
function moveNothing(call: Call, file: InetSocket, flags: number, writing: boolean): number {
  if (writing) return file.write();
  if (file.read() !== BLOCKED) return 0;
  if (file.nonBlocking || (flags & Msg.dontWait) !== 0) fail("EAGAIN");
  return call.block(() => (file.poll() & 1) !== 0);
}

function single(call: Call) {
  return { buffers: [{ address: call.unsigned(1), length: call.unsigned(2) }] };
}

function sendto(call: Call): number {
  const file = socketOf(call);
  if (file instanceof SocketEnd) return send(call, file, single(call), call.int(3));
  if (call.unsigned(4) !== 0) return unreachable(call, readAddress(call, call.unsigned(4), call.int(5)));
  return moveNothing(call, file, call.int(3), true);
}

function sendmsg(call: Call): number {
  const file = socketOf(call);
  const message = readHeader(call, call.unsigned(1));
  if (file instanceof SocketEnd) return send(call, file, message, call.int(2));
  if (message.name !== 0) return unreachable(call, readAddress(call, message.name, message.nameLength));
  return moveNothing(call, file, call.int(2), true);
}

function recvfrom(call: Call): number {
  const file = socketOf(call);
  if (!(file instanceof SocketEnd)) return moveNothing(call, file, call.int(3), false);
  const count = receive(call, file, single(call), call.int(3));
  // The other end has no name.
  if (count !== BLOCKED && call.unsigned(4) !== 0 && call.unsigned(5) !== 0) call.memory.writeU32(call.unsigned(5), 0);
  return count;
}

function recvmsg(call: Call): number {
  const file = socketOf(call);
  if (!(file instanceof SocketEnd)) return moveNothing(call, file, call.int(2), false);
  return receive(call, file, readHeader(call, call.unsigned(1)), call.int(2));
}

function writeAddress(call: Call): number {
  const file = socketOf(call);
  const bytes = Buffer.alloc(
    file instanceof InetSocket && file.family !== Family.unix ? (file.family === Family.inet ? 16 : 28) : 2,
  );
  bytes.writeUInt16LE(file instanceof InetSocket ? file.family : Family.unix, 0);
  const room = call.memory.readU32(call.unsigned(2));
  call.memory.write(call.unsigned(1), bytes.subarray(0, room));
  call.memory.writeU32(call.unsigned(2), bytes.length);
  return 0;
}

function accept(call: Call): number {
  const file = socketOf(call);
  if (!(file instanceof InetSocket) || !file.listening) return fail("EINVAL");
  if (file.nonBlocking) fail("EAGAIN");
  return call.block(() => false);
}

/** The network as the guest sees it: sockets exist, interfaces do not. Connected pairs within the VM work. */
export const socketCalls: SyscallTable = {
  socket,
  socketpair,
  connect,
  bind,
  sendto,
  sendmsg,
  recvfrom,
  recvmsg,
  listen(call) {
    const file = socketOf(call);
    if (file instanceof SocketEnd) return fail("EINVAL");
    file.listen();
    return 0;
  },
  accept,
  accept4: accept,
  shutdown(call) {
    const file = socketOf(call);
    if (file instanceof InetSocket) return fail("ENOTCONN");
    file.shutdown(call.int(1));
    return 0;
  },
  getsockname: writeAddress,
  getpeername: (call) => (socketOf(call) instanceof InetSocket ? fail("ENOTCONN") : writeAddress(call)),
  getsockopt(call) {
    const file = socketOf(call);
    // SO_TYPE is asked by runtimes; everything else reads as 0, its default.
    const value =
      call.int(1) === 1 && call.int(2) === 3 ? (file instanceof InetSocket ? file.type : SocketType.stream) : 0;
    call.memory.writeU32(call.unsigned(3), value);
    call.memory.writeU32(call.unsigned(4), 4);
    return 0;
  },
  setsockopt(call) {
    socketOf(call);
    return 0;
  },
};
