import { LinuxError } from "../errno.ts";
import { PATH_MAX } from "../limits.ts";
import { AT_FDCWD, type Call } from "../syscalls/call.ts";
import type { Kind } from "./kinds.ts";
import { flagsText, hex, isFlagKind, isNameKind, nameText, octal } from "./numbers.ts";
import { quote, SHOWN_BYTES_MAX, SHOWN_PATH_BYTES_MAX } from "./quote.ts";
import { socketAddress } from "./socket-address.ts";

/** Elements of an array that are shown: arguments of a program, buffers, descriptors. */
const ELEMENTS_MAX = 16;
/** Variables of an environment that are counted. */
const VARIABLES_MAX = 10_000;
const O_CREAT = 0o100;

/**
 * What a process has at an address, up to `length` bytes; fewer at the edge of its memory, undefined where there is none. Only
 * bytes it could read itself are looked at, as for the call.
 */
function peek(call: Call, address: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  let done = 0;
  try {
    call.memory.visit(address, length, false, (piece) => {
      bytes.set(piece, done);
      done += piece.length;
      return piece.length;
    });
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    return undefined;
  }
  return bytes.subarray(0, done);
}

/** A pointer, and what it points at if that can be read. */
function pointed(call: Call, address: number, bytes: number, show: (bytes: Buffer) => string): string {
  if (address === 0) return "NULL";
  const found = peek(call, address, bytes);
  return found === undefined || found.length < bytes ? hex(address) : show(found);
}

function stringAt(call: Call, address: number, shownMax: number): string {
  if (address === 0) return "NULL";
  const bytes = peek(call, address, Math.min(shownMax + 1, PATH_MAX));
  if (bytes === undefined) return hex(address);
  const end = bytes.indexOf(0);
  return end < 0 ? quote(bytes.subarray(0, shownMax), false) : quote(bytes.subarray(0, end));
}

function bufferAt(call: Call, address: number, length: number): string {
  if (address === 0) return "NULL";
  if (length === 0) return '""';
  const bytes = peek(call, address, Math.min(length, SHOWN_BYTES_MAX));
  return bytes === undefined ? hex(address) : quote(bytes, bytes.length === length);
}

/** The addresses in an array that ends with a null pointer, as far as it can be read. */
function* pointersAt(call: Call, address: number, countMax: number): Generator<number> {
  for (let index = 0; index < countMax; index++) {
    const word = peek(call, address + 8 * index, 8);
    if (word === undefined || word.length < 8) return;
    const pointer = Number(word.readBigUInt64LE());
    if (pointer === 0) return;
    yield pointer;
  }
}

function stringsAt(call: Call, address: number): string {
  if (address === 0) return "NULL";
  const strings = [...pointersAt(call, address, ELEMENTS_MAX + 1)].map((at) => stringAt(call, at, SHOWN_BYTES_MAX));
  return listText(strings, strings.length > ELEMENTS_MAX);
}

function environmentAt(call: Call, address: number): string {
  if (address === 0) return "NULL";
  let count = 0;
  for (const _ of pointersAt(call, address, VARIABLES_MAX)) count++;
  return `${hex(address)} /* ${count} ${count === 1 ? "variable" : "variables"} */`;
}

/** @param moved bytes that the call moved, of which the buffers show what they hold */
function vectorsAt(call: Call, address: number, count: number, moved: number): string {
  if (address === 0) return "NULL";
  let left = moved;
  const shown = Math.min(Math.max(count, 0), ELEMENTS_MAX);
  const table = shown === 0 ? Buffer.alloc(0) : peek(call, address, 16 * shown);
  if (table === undefined) return hex(address);
  const buffers: string[] = [];
  for (let at = 0; at + 16 <= table.length; at += 16) {
    const length = Number(table.readBigUInt64LE(at + 8));
    buffers.push(`{${bufferAt(call, Number(table.readBigUInt64LE(at)), Math.min(length, left))}, ${length}}`);
    left = Math.max(left - length, 0);
  }
  return listText(buffers, count > ELEMENTS_MAX);
}

/** poll's descriptors with the events asked for (asm-generic/poll.h: struct pollfd). */
function pollSetAt(call: Call, address: number, count: number): string {
  const shown = Math.min(Math.max(count, 0), ELEMENTS_MAX);
  if (address === 0 || shown === 0) return address === 0 ? "NULL" : "[]";
  return pointed(call, address, 8 * shown, (bytes) => {
    const one = (_: unknown, at: number): string =>
      `{fd=${bytes.readInt32LE(8 * at)}, events=${pollEvents(bytes.readUInt16LE(8 * at + 4))}}`;
    return listText(Array.from({ length: shown }, one), count > ELEMENTS_MAX);
  });
}

const POLL_EVENTS = { POLLIN: 1, POLLPRI: 2, POLLOUT: 4, POLLRDHUP: 0x2000 };

function pollEvents(events: number): string {
  const names = Object.entries(POLL_EVENTS).flatMap(([name, bit]) => ((events & bit) !== 0 ? [name] : []));
  const rest = Object.values(POLL_EVENTS).reduce((left, bit) => left & ~bit, events);
  return [...names, ...(rest !== 0 || names.length === 0 ? [hex(rest)] : [])].join("|");
}

const listText = (items: readonly string[], isCut: boolean): string =>
  `[${[...items.slice(0, ELEMENTS_MAX), ...(isCut ? ["..."] : [])].join(", ")}]`;

const pointerText = (value: bigint): string => (value === 0n ? "NULL" : hex(value));

/** Whether an argument is only known once the call has been answered. */
export function isFilledIn(kind: Kind): boolean {
  return kind.startsWith("out-");
}

/**
 * One argument as text, or undefined for one that does not count.
 * @param result what the call returned, once it has; an argument that is filled in needs it
 */
export function argumentText(call: Call, kinds: readonly Kind[], index: number, result?: number): string | undefined {
  const kind = kinds[index];
  if (kind.startsWith("out-")) return filledInText(call, kind, index, result ?? -1);
  if (isFlagKind(kind)) return flagsText(kind, call.uint(index));
  if (isNameKind(kind)) return nameText(kind, call.int(index));
  switch (kind) {
    case "int":
    case "descriptor":
      return String(call.int(index));
    case "directory":
      return call.int(index) === AT_FDCWD ? "AT_FDCWD" : String(call.int(index));
    case "size":
      return String(call.bits(index));
    case "offset":
      return String(BigInt.asIntN(64, call.bits(index)));
    case "octal":
      return octal(call.uint(index));
    case "create-mode":
      return (call.uint(index - 1) & O_CREAT) !== 0 ? octal(call.uint(index)) : undefined;
    case "path":
      return stringAt(call, call.unsigned(index), SHOWN_PATH_BYTES_MAX);
    case "strings":
      return stringsAt(call, call.unsigned(index));
    case "environment":
      return environmentAt(call, call.unsigned(index));
    case "bytes":
      return bufferAt(call, call.unsigned(index), call.unsigned(index + 1));
    case "vectors":
      return vectorsAt(call, call.unsigned(index), call.int(index + 1), Number.MAX_SAFE_INTEGER);
    case "address":
      return socketAddressAt(call, call.unsigned(index), call.uint(index + 1));
    case "timespec":
      return pointed(call, call.unsigned(index), 16, timespecText);
    case "poll-set":
      return pollSetAt(call, call.unsigned(index), call.int(index + 1));
    default:
      return pointerText(call.bits(index));
  }
}

const timespecText = (bytes: Buffer): string => `{${bytes.readBigInt64LE(0)}, ${bytes.readBigInt64LE(8)}}`;

/** What a call has put into the memory of its process; its address where it failed. */
function filledInText(call: Call, kind: Kind, index: number, result: number): string {
  const address = call.unsigned(index);
  if (result < 0) return pointerText(call.bits(index));
  switch (kind) {
    case "out-bytes":
      return bufferAt(call, address, result);
    case "out-vectors":
      return vectorsAt(call, address, call.int(index + 1), result);
    case "out-path":
      return stringAt(call, address, SHOWN_PATH_BYTES_MAX);
    case "out-pair":
      return pointed(call, address, 8, (bytes) => `[${bytes.readInt32LE(0)}, ${bytes.readInt32LE(4)}]`);
    default:
      return pointed(call, address, 4, (bytes) => `[${bytes.readInt32LE(0)}]`);
  }
}

/** Longest address that is looked at: sockaddr_un (linux/un.h) is the largest. */
const ADDRESS_BYTES_MAX = 110;

function socketAddressAt(call: Call, address: number, length: number): string {
  if (address === 0) return "NULL";
  if (length < 2) return hex(address);
  const bytes = peek(call, address, Math.min(length, ADDRESS_BYTES_MAX));
  return bytes === undefined || bytes.length < 2 ? hex(address) : socketAddress(bytes);
}
