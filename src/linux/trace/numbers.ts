import { signalName } from "../signals/signals.ts";
import { FLAGS, NAMES } from "./flags.ts";
import type { FlagKind, NameKind } from "./kinds.ts";

export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

export const octal = (value: number): string => (value === 0 ? "0" : `0${value.toString(8)}`);

/** Bits by name, and what is left of them in hexadecimal. */
function flagNames(kind: FlagKind, value: number): readonly string[] {
  const names: string[] = [];
  let rest = value;
  for (const [name, bits] of Object.entries(FLAGS[kind])) {
    if (bits === 0 || (rest & bits) >>> 0 !== bits >>> 0) continue;
    names.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  return rest === 0 ? names : [...names, hex(rest)];
}

const ACCESS_MODES = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];
/** The signal at a child's end, in the low byte of clone's flags (linux/sched.h: CSIGNAL). */
const CLONE_SIGNAL = 0xff;

export function flagsText(kind: FlagKind, value: number): string {
  if (kind === "open-flags") return [ACCESS_MODES[value & 3], ...flagNames(kind, (value & ~3) >>> 0)].join("|");
  if (kind === "clone-flags") {
    const signal = value & CLONE_SIGNAL;
    const names = flagNames(kind, (value & ~CLONE_SIGNAL) >>> 0);
    return [...names, ...(signal > 0 || names.length === 0 ? [nameText("signal", signal)] : [])].join("|");
  }
  const none = Object.entries(FLAGS[kind]).find(([, bits]) => bits === 0);
  return value === 0 ? (none?.[0] ?? "0") : flagNames(kind, value).join("|");
}

/** A kind's low bits that are a number, and the flags above them. */
const MIXED: Partial<Record<NameKind, readonly [mask: number, flags: Readonly<Record<string, number>>]>> = {
  "socket-type": [0xf, { SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000 }],
  "futex-operation": [0x7f, { FUTEX_PRIVATE_FLAG: 0x80, FUTEX_CLOCK_REALTIME: 0x100 }],
};

const BY_NUMBER = new Map(
  Object.entries(NAMES).map(([kind, names]) => [
    kind,
    new Map(Object.entries(names).map(([name, number]) => [number, name])),
  ]),
);

export function nameText(kind: NameKind, value: number): string {
  const [mask, flags] = MIXED[kind] ?? [-1, {}];
  const number = mask === -1 ? value : value & mask;
  if (kind === "signal")
    return number >= 32 && number <= 64 ? signalName(number) : (nameOf(kind, number) ?? `${number}`);
  let rest = value - number;
  const parts = [nameOf(kind, number) ?? (kind === "ioctl-request" ? hex(number >>> 0) : String(number))];
  for (const [name, bits] of Object.entries(flags)) {
    if ((rest & bits) === 0) continue;
    parts.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) parts.push(hex(rest >>> 0));
  return parts.join("|");
}

const nameOf = (kind: NameKind, number: number): string | undefined => BY_NUMBER.get(kind)?.get(number);

export const isFlagKind = (kind: string): kind is FlagKind => kind in FLAGS;
export const isNameKind = (kind: string): kind is NameKind => kind in NAMES;
