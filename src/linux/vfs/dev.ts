import { fail } from "../errno.ts";
import { fixedStat, newFixedIno } from "./fixed.ts";
import { type Attributes, FileType, Inode, type Stat } from "./inode.ts";
import type { MountSpec } from "./mounts.ts";
import { fixedEntries, SyntheticDirectory, SyntheticSymlink } from "./synthetic.ts";

/** The caller's own terminal (tty(4)), and what makes a new pseudoterminal (pts(4)). */
export type TerminalDevice = "controlling" | "multiplexer";

/** What a character device does; positions mean nothing to it. */
interface Device {
  /** Admin-guide/devices.txt: major and minor. */
  readonly major: number;
  readonly minor: number;
  /** Set for what stands for a terminal, which the personality opens itself. */
  readonly terminal?: TerminalDevice;
  readonly read: (into: Uint8Array) => number;
  readonly write: (from: Uint8Array) => number;
}

/** The random devices take at most this much at once, so that one reading does not hold up the run. */
const RANDOM_BYTES_MAX = 256 * 1024;

const MEMORY_MAJOR = 1;

function zeros(into: Uint8Array): number {
  into.fill(0);
  return into.length;
}

/** Fills bytes with random numbers. */
export type FillRandom = (bytes: Uint8Array) => void;

function randomReader(fill: FillRandom): (into: Uint8Array) => number {
  return (into) => {
    const part = into.subarray(0, RANDOM_BYTES_MAX);
    fill(part);
    return part.length;
  };
}

const swallow = (from: Uint8Array): number => from.length;

const DEVICES: Readonly<Record<string, Device>> = {
  null: { major: MEMORY_MAJOR, minor: 3, read: () => 0, write: swallow },
  zero: { major: MEMORY_MAJOR, minor: 5, read: zeros, write: swallow },
  full: { major: MEMORY_MAJOR, minor: 7, read: zeros, write: () => fail("ENOSPC") },
  tty: { major: 5, minor: 0, terminal: "controlling", read: () => fail("EIO"), write: () => fail("EIO") },
  ptmx: { major: 5, minor: 2, terminal: "multiplexer", read: () => fail("EIO"), write: () => fail("EIO") },
};

class DeviceInode extends Inode {
  override readonly type = FileType.characterDevice;
  readonly #device: Device;
  readonly #stat: Stat;

  constructor(device: Device) {
    super();
    this.#device = device;
    // makedev() for majors below 4096 and minors below 256 (sysmacros.h).
    const rdev = (device.major << 8) | device.minor;
    this.#stat = { ...fixedStat(newFixedIno(), FileType.characterDevice | 0o666, 0), rdev };
  }

  get terminal(): TerminalDevice | undefined {
    return this.#device.terminal;
  }

  get isZero(): boolean {
    return this.#device === DEVICES.zero;
  }
  override get staysAtStart(): boolean {
    return this.terminal === undefined;
  }
  override stat(): Stat {
    return this.#stat;
  }
  override read(into: Uint8Array, _position: number): number {
    return this.#device.read(into);
  }
  override write(from: Uint8Array, _position: number): number {
    return this.#device.write(from);
  }
  override truncate(_sizeBytes: number): void {}
  override setAttributes(_attributes: Attributes): void {
    fail("EPERM");
  }
}

/** Which terminal a device stands for, if it does. */
export function terminalDevice(inode: Inode): TerminalDevice | undefined {
  return inode instanceof DeviceInode ? inode.terminal : undefined;
}

/** /dev/zero, whose mappings are memory without a file (mem(4)). */
export function isZeroDevice(inode: Inode): boolean {
  return inode instanceof DeviceInode && inode.isZero;
}

const LINKS: Readonly<Record<string, string>> = {
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
};

/** The root of /dev: the devices programs expect, and nothing of the host's. */
export function devRoot(fill: FillRandom): Inode {
  const entries = new Map<string, Inode>();
  const random = { major: MEMORY_MAJOR, read: randomReader(fill), write: swallow };
  const devices = { ...DEVICES, random: { ...random, minor: 8 }, urandom: { ...random, minor: 9 } };
  for (const [name, device] of Object.entries(devices)) entries.set(name, new DeviceInode(device));
  for (const [name, target] of Object.entries(LINKS)) entries.set(name, new SyntheticSymlink(() => target));
  return new SyntheticDirectory(fixedEntries(entries), 0o755);
}

/** The mounts of a usual /dev; devices keep no state, so one tree serves all runs. */
export function devMounts(fill: FillRandom): MountSpec[] {
  return [
    { guest: "/dev", kind: "synthetic", root: devRoot(fill) },
    // Terminals belong to the run; here is only where they are.
    { guest: "/dev/pts", kind: "synthetic", root: new SyntheticDirectory(fixedEntries(new Map()), 0o755) },
    { guest: "/dev/shm", kind: "tmpfs", mode: 0o1777 },
  ];
}
