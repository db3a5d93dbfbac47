import { type BigIntStats, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isWithin, realPathOf } from "./paths.ts";
import { ownDirectories } from "./user-directories.ts";

/**
 * What no guest is shown and no change set reaches, whatever is mounted: this product's own directories, which hold keys and
 * code that runs on the host, and the file systems in which the kernel tells about the host's processes and devices. A place is
 * recognised by what it is, not only by its name: a bind mount, a link or a second name leads to the same one.
 */
export interface HiddenPlacesData {
  /** Absolute, as given and as they really are. */
  readonly paths: readonly string[];
  /** Of what these held when they were looked into; see {@link identityOf}. */
  readonly identities: readonly string[];
  /** Whole file systems, by st_dev in decimal. */
  readonly devices: readonly string[];
  /** Where those file systems are mounted. */
  readonly mountPoints: readonly string[];
}

/** How a path lies to a hidden place: a mount of the first kind would show that only, one of the second holds it. */
export interface Relation {
  readonly kind: "inside" | "around";
  readonly place: string;
}

type Identified = Pick<BigIntStats, "dev" | "ino" | "birthtimeNs">;

/** Keys and templates lie two levels below the cache, a ledger and its key three below the states of all projects. */
const DEPTH_MAX = 3;
/** Looked into at most; the rest is known by the directory that it lies in. Takes some 10 ms. */
const ENTRIES_MAX = 1000;

/** proc(5), sysfs(5) and what is mounted below them: interfaces of the kernel, not files (Documentation/filesystems). */
const KERNEL_FILE_SYSTEMS = new Set([
  ...["proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs", "bpf", "pstore"],
  ...[
    "efivarfs",
    "selinuxfs",
    "smackfs",
    "resctrl",
    "binfmt_misc",
    "fusectl",
    "mqueue",
    "devpts",
    "nfsd",
    "rpc_pipefs",
  ],
]);

export class HiddenPlaces {
  readonly data: HiddenPlacesData;
  readonly #identities: ReadonlySet<string>;
  readonly #devices: ReadonlySet<string>;
  readonly #names: ReadonlySet<string>;
  readonly #inodes: ReadonlySet<string>;
  /** Of what stands where the kernel's file systems are mounted, which in a cell's own root is another thing. */
  readonly #mounted: ReadonlySet<string>;
  /** Of the places themselves, which may be made or replaced at any time; undefined when they are to be looked at again. */
  #current: ReadonlySet<string> | undefined;

  constructor(data: HiddenPlacesData) {
    this.data = data;
    this.#identities = new Set(data.identities);
    this.#devices = new Set(data.devices);
    this.#names = new Set([...data.paths, ...data.mountPoints].map((path) => basename(path)));
    this.#inodes = new Set(data.identities.map((identity) => identity.split(":")[1] as string));
    this.#mounted = new Set(current(data.mountPoints));
    this.#current = new Set(current(data.paths));
  }

  /** The directories of every process of this user that keep to the usual places, and `more` of this one's. */
  static ofProduct(more: readonly string[] = []): HiddenPlaces {
    return HiddenPlaces.of([...ownDirectories(), ...more]);
  }

  static of(directories: readonly string[], kernel: KernelMounts = { devices: [], paths: [] }): HiddenPlaces {
    const paths = [...new Set(directories.flatMap((path) => [path, realPathOf(path)]))];
    return new HiddenPlaces({
      paths,
      identities: inner(paths),
      devices: kernel.devices,
      mountPoints: kernel.paths,
    });
  }

  /** What stands in the hidden places is looked at again before the next answer: most runs ask of no file of the host. */
  refresh(): void {
    this.#current = undefined;
  }

  covers(status: Identified): boolean {
    if (this.#devices.has(String(status.dev))) return true;
    const identity = identityOf(status);
    this.#current ??= new Set(current(this.data.paths));
    return this.#current.has(identity) || this.#identities.has(identity) || this.#mounted.has(identity);
  }

  /** Whether an entry of a listing has to be looked at: one at which something is mounted has another inode than what is there. */
  mayBe(name: string, inode: number): boolean {
    return this.#names.has(name) || this.#inodes.has(String(inode));
  }

  /** Whether a path, by its name alone, is a hidden place or lies in one. */
  includes(path: string): boolean {
    return this.data.paths.some((place) => isWithin(path, place));
  }

  /** How a directory or file that is to be mounted lies to the hidden places. */
  relationOf(path: string): Relation | undefined {
    const real = realPathOf(path);
    let outermost: string | undefined;
    for (let at = real; ; at = dirname(at)) {
      const status = statusOf(at);
      if (this.includes(at) || (status !== undefined && this.covers(status))) outermost = at;
      if (at === "/") break;
    }
    if (outermost !== undefined) return { kind: "inside", place: outermost };
    const place = this.data.paths.find((one) => this.#liesBelow(one, real));
    return place === undefined ? undefined : { kind: "around", place };
  }

  /** By name, or because one of the directories around it is `directory` under another name. */
  #liesBelow(place: string, directory: string): boolean {
    if (isWithin(place, directory)) return true;
    const status = statusOf(directory);
    if (status === undefined) return false;
    for (let at = dirname(place); ; at = dirname(at)) {
      const around = statusOf(at);
      if (around !== undefined && identityOf(around) === identityOf(status)) return true;
      if (at === "/") return false;
    }
  }
}

function current(paths: readonly string[]): string[] {
  return paths.map(statusOf).flatMap((status) => (status === undefined ? [] : [identityOf(status)]));
}

/** The time at which it was made tells a file from a later one that got the same inode. */
function identityOf({ dev, ino, birthtimeNs }: Identified): string {
  return `${dev}:${ino}:${birthtimeNs}`;
}

/** What directories hold, breadth first: a bind mount or a second name of a part of them leads past the directory itself. */
function inner(directories: readonly string[]): string[] {
  const identities = new Set<string>();
  let level = [...directories];
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const next: string[] = [];
    for (const directory of level) {
      for (const name of namesIn(directory)) {
        if (identities.size >= ENTRIES_MAX) return [...identities];
        const status = lstatSync(join(directory, name), { bigint: true, throwIfNoEntry: false });
        if (status === undefined) continue;
        identities.add(identityOf(status));
        if (status.isDirectory()) next.push(join(directory, name));
      }
    }
    level = next;
  }
  return [...identities];
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Not there, no directory, or another user's: then nothing of ours is in it.
    return [];
  }
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Where the kernel's own file systems are mounted. */
export interface KernelMounts {
  readonly devices: readonly string[];
  readonly paths: readonly string[];
}

export function kernelMounts(): KernelMounts {
  const devices = new Set<string>();
  const paths = new Set<string>();
  for (const line of readFileSync("/proc/self/mountinfo", "latin1").split("\n")) {
    // proc_pid_mountinfo(5): number, parent, major:minor, root, mount point, options, optional fields, "-", type.
    const [, major, minor, point, type] =
      /^\d+ \d+ (\d+):(\d+) \S+ (\S+) .*? - (\S+)/.exec(line) ?? ([] as readonly undefined[]);
    if (type === undefined || point === undefined || !KERNEL_FILE_SYSTEMS.has(type)) continue;
    devices.add(String(deviceNumber(BigInt(major ?? 0), BigInt(minor ?? 0))));
    const path = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    paths.add(Buffer.from(path, "latin1").toString("utf8"));
  }
  return { devices: [...devices], paths: [...paths] };
}

/** gnu_dev_makedev of sys/sysmacros.h: how st_dev is put together. */
function deviceNumber(major: bigint, minor: bigint): bigint {
  return ((major & 0xfffn) << 8n) | ((major & ~0xfffn) << 32n) | (minor & 0xffn) | ((minor & ~0xffn) << 12n);
}
