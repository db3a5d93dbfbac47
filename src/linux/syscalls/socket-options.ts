import { byteStringOf } from "../../base/byte-string.ts";
import { fail } from "../errno.ts";
import { Family } from "../net/abi.ts";
import { Level, So } from "../net/options.ts";
import type { Socket } from "../net/socket.ts";
import { UnixSocket } from "../net/unix-socket.ts";
import type { Call, SyscallTable } from "./call.ts";
import { socketOf } from "./socket-addresses.ts";
import { credentialsBytes } from "./socket-control.ts";
import { timeval } from "./timespec.ts";

const INT_BYTES = 4;
/** struct linger (socket(7)). */
const LINGER_BYTES = 8;
/** struct timeval, and its two halves' limits. */
const TIMEVAL_BYTES = 16;
const MICROSECONDS = 1_000_000;
/** Longest time that is counted, in seconds; longer ones mean for ever (MAX_SCHEDULE_TIMEOUT / HZ, net/core/sock.c). */
const TIMEOUT_SECONDS_MAX = 9_223_372_036_854_775n;
/** Who is not known (unix(7), SO_PEERCRED: a socket without a partner shows -1). */
const NOBODY = { pid: 0, uid: 0xffff_ffff, gid: 0xffff_ffff };

function int(value: number): Buffer {
  const bytes = Buffer.alloc(INT_BYTES);
  bytes.writeInt32LE(value | 0, 0);
  return bytes;
}

/** Options that tell about the socket, or are more than a number. */
const READERS: Readonly<Record<number, (socket: Socket) => Buffer>> = {
  [So.debug]: () => int(0),
  [So.type]: ({ kind }) => int(kind.type),
  [So.error]: (socket) => int(socket.takeErrno()),
  [So.linger]: ({ options }) => Buffer.concat([int(options.linger.isOn ? 1 : 0), int(options.linger.seconds)]),
  [So.bsdCompatible]: () => int(0),
  [So.passCredentials]: (socket) => int(scmSocket(socket).options.passesCredentials ? 1 : 0),
  [So.peerCredentials]: (socket) =>
    credentialsBytes((socket instanceof UnixSocket ? socket.peerCredentials : undefined) ?? NOBODY),
  [So.sendLowWater]: () => int(1),
  [So.receiveTimeout]: ({ options }) => timeoutBytes(options.receiveTimeoutMs),
  [So.sendTimeout]: ({ options }) => timeoutBytes(options.sendTimeoutMs),
  [So.bindToDevice]: () => Buffer.alloc(0),
  [So.acceptsConnections]: (socket) => int(socket.isListening ? 1 : 0),
  [So.protocol]: ({ kind }) => int(kind.protocol),
  [So.domain]: ({ kind }) => int(kind.family),
  [So.receiveTimeoutNew]: ({ options }) => timeoutBytes(options.receiveTimeoutMs),
  [So.sendTimeoutNew]: ({ options }) => timeoutBytes(options.sendTimeoutMs),
};

function timeoutBytes(ms: number): Buffer {
  return timeval(ms === Number.POSITIVE_INFINITY ? 0 : ms);
}

/** Only sockets that carry credentials can be asked for them (sk_may_scm_recv, net/sock.h). */
function scmSocket(socket: Socket): Socket {
  const { family } = socket.kind;
  return family === Family.unix || family === Family.netlink ? socket : fail("EOPNOTSUPP");
}

/** Options that are more than a number kept. */
const WRITERS: Readonly<Record<number, (socket: Socket, value: Buffer) => void>> = {
  [So.linger](socket, value) {
    if (value.length < LINGER_BYTES) fail("EINVAL");
    const seconds = value.readInt32LE(4);
    socket.options.linger = { isOn: value.readInt32LE(0) !== 0, seconds };
  },
  [So.bsdCompatible]: () => {},
  [So.debug](_socket, value) {
    if (value.readInt32LE(0) !== 0) fail("EACCES");
  },
  [So.passCredentials](socket, value) {
    scmSocket(socket).options.passesCredentials = value.readInt32LE(0) !== 0;
  },
  [So.receiveTimeout](socket, value) {
    socket.options.receiveTimeoutMs = readTimeout(value);
  },
  [So.sendTimeout](socket, value) {
    socket.options.sendTimeoutMs = readTimeout(value);
  },
  [So.receiveTimeoutNew](socket, value) {
    socket.options.receiveTimeoutMs = readTimeout(value);
  },
  [So.sendTimeoutNew](socket, value) {
    socket.options.sendTimeoutMs = readTimeout(value);
  },
};

/** SO_RCVTIMEO: zero waits for ever, a negative time not at all (sock_set_timeout, net/core/sock.c): EINVAL, EDOM. */
function readTimeout(value: Buffer): number {
  if (value.length < TIMEVAL_BYTES) fail("EINVAL");
  const seconds = value.readBigInt64LE(0);
  const microseconds = Number(value.readBigInt64LE(8));
  if (microseconds < 0 || microseconds >= MICROSECONDS) fail("EDOM");
  if (seconds < 0n) return 0;
  if ((seconds === 0n && microseconds === 0) || seconds >= TIMEOUT_SECONDS_MAX) return Number.POSITIVE_INFINITY;
  return Number(seconds) * 1000 + microseconds / 1000;
}

function getsockopt(call: Call): number {
  const socket = socketOf(call);
  const room = call.memory.readI32(call.unsigned(4));
  if (room < 0) fail("EINVAL");
  const value = readOption(socket, call.int(1), call.int(2), room);
  call.memory.write(call.unsigned(3), value.subarray(0, room));
  call.memory.writeU32(call.unsigned(4), Math.min(value.length, room));
  return 0;
}

function readOption(socket: Socket, level: number, name: number, room: number): Buffer {
  if (level === Level.socket && READERS[name] !== undefined) return READERS[name](socket);
  const value = socket.options.get(level, name);
  if (value !== undefined) {
    // At the level of IP a number that fits is told in a byte to who asks for less than four (ip_getsockopt).
    const isByte = level === Level.ip && room > 0 && room < INT_BYTES && value >= 0 && value <= 255;
    return isByte ? Buffer.from([value]) : int(value);
  }
  return socket.readOption(level, name) ?? fail(socket.options.refusal(level, false));
}

/** Longest value looked at: the largest structure of any option, with room to spare. */
const VALUE_BYTES_MAX = 1024;

function setsockopt(call: Call): number {
  const socket = socketOf(call);
  const [level, name, length] = [call.int(1), call.int(2), call.int(4)];
  if (length < 0) fail("EINVAL");
  if (level !== Level.socket && socket.kind.family === Family.unix) fail("EOPNOTSUPP");
  const value = call.memory.read(call.unsigned(3), Math.min(length, VALUE_BYTES_MAX));
  if (socket.writeOption(level, name, value)) return 0;
  if (level === Level.socket) {
    if (name === So.bindToDevice) return bindToDevice(value);
    if (value.length < INT_BYTES) fail("EINVAL");
    const write = WRITERS[name];
    if (write !== undefined) {
      write(socket, value);
      return 0;
    }
  }
  if (socket.options.get(level, name) === undefined) fail(socket.options.refusal(level, true));
  socket.options.set(level, name, wantedNumber(level, value));
  return 0;
}

/** At the level of IP a byte will do. */
function wantedNumber(level: number, value: Buffer): number {
  if (value.length >= INT_BYTES) return value.readInt32LE(0);
  if (level !== Level.ip) return fail("EINVAL");
  return value.length > 0 ? value[0] : 0;
}

/** There is one interface, and a socket reaches nothing else anyway. */
function bindToDevice(value: Buffer): number {
  const end = value.indexOf(0);
  const device = byteStringOf(value.subarray(0, end < 0 ? value.length : end));
  return device === "" || device === "lo" ? 0 : fail("ENODEV");
}

export const optionCalls: SyscallTable = { getsockopt, setsockopt };
