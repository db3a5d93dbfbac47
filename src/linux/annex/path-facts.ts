import type { GuestMemory } from "../../vmm/index.ts";
import { LinuxError } from "../errno.ts";
import { Access, type Credentials, type Location, type Stat, type Vfs, writeStat } from "../vfs/index.ts";
import { Facts, PATH_BYTES, PATHS, PathFact, PROBES } from "./layout.ts";

/** linux/fcntl.h */
const AT_FDCWD = -100;
/** How many names are told at first to a program that begins to ask for one after another, and at most. */
const AHEAD_MIN = 8;
const AHEAD_MAX = 96;
/** A program that asked for so many is told names of a directory at its first question there. */
const AHEAD_AT_ONCE = 32;
/** Directories with more names are not gone through for a question about one. */
const LISTING_MAX = 4096;

interface Told {
  /** The descriptor that the path starts from. */
  readonly directory: number;
  readonly parent: Location;
  readonly name: string;
}

interface Order {
  readonly names: readonly string[];
  /** -1 for a name that there is not. */
  readonly placeOf: (name: string) => number;
}

/** What the annex knows of the attributes behind paths, as one process writes them. */
export class PathFacts {
  /** Questions answered in the guest. */
  #hits = 0;
  readonly #memory: GuestMemory;
  readonly #vfs: () => Vfs;
  /** Places that are taken. */
  readonly #taken = new Map<number, Told>();
  #ahead = 0;
  #told = 0;
  #directory: Location | undefined;
  /** Names of it that were told. */
  readonly #names = new Set<string>();
  #lastName = "";
  /** All of its names, as it lists them and sorted: gone through once, until something changes. */
  #listed: Order | undefined;
  #sorted: Order | undefined;

  constructor(memory: GuestMemory, vfs: () => Vfs) {
    this.#memory = memory;
    this.#vfs = vfs;
  }

  /** The host was asked for `path`, which leads to `location` without a link at its end; what will be asked next is told beforehand. */
  looked(directory: number, path: string, location: Location, credentials: Credentials): void {
    const { parent, name } = location;
    if (parent === undefined || !parent.mount.keepsNames || path.length > PATH_BYTES) return;
    const start = path.startsWith("/") ? AT_FDCWD : directory;
    const prefix = path.slice(0, path.length - name.length);
    const isFirst = parent !== this.#directory;
    this.#adjust(isFirst);
    const previous = isFirst ? "" : this.#lastName;
    if (isFirst) this.#forgetNames();
    this.#directory = parent;
    this.#lastName = name;
    if (isFirst && this.#ahead < AHEAD_AT_ONCE) return;
    this.#tell(start, prefix, parent, name);
    for (const next of this.#following(parent, name, previous, credentials)) this.#tell(start, prefix, parent, next);
  }

  /** The descriptor is another directory from now on, or none. */
  dropDirectory(descriptor: number): void {
    this.#names.clear();
    for (const [place, { directory }] of this.#taken) if (directory === descriptor) this.#empty(place);
  }

  /**
   * The guest was answered with what is at this place: what the question would have left behind is left now, such as the file's
   * being known to the run, and counted as its memory.
   */
  asked(place: number): void {
    const told = this.#taken.get(place);
    if (told === undefined) return;
    this.#hits++;
    try {
      this.#vfs().child(told.parent, told.name);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
    }
  }

  /** Whether the process that runs is the one that these are for. */
  show(isShown: boolean): void {
    this.#writeCount(isShown ? this.#taken.size : 0);
  }

  clear(): void {
    for (const place of this.#taken.keys()) this.#empty(place);
    this.#forgetNames();
    this.#directory = undefined;
    this.#writeCount(0);
  }

  /** As many more as before were of use. */
  #adjust(isFirst: boolean): void {
    if (this.#told > 0 && this.#hits * 4 < this.#told) this.#ahead = Math.floor(this.#ahead / 2);
    else if (!isFirst || this.#told > 0) this.#ahead = Math.min(Math.max(AHEAD_MIN, this.#ahead * 2), AHEAD_MAX);
    this.#hits = 0;
    this.#told = 0;
  }

  /** The names that come behind this one, in the order that the program seems to take. */
  #following(parent: Location, name: string, previous: string, credentials: Credentials): readonly string[] {
    if (this.#ahead === 0) return [];
    try {
      this.#vfs().access(parent, Access.read, credentials);
      const listed = this.#list(parent);
      if (listed === undefined) return [];
      const { names, placeOf } = this.#orderWith(listed, previous, name);
      const index = placeOf(name) + 1;
      const behind = names.slice(index, index + this.#ahead);
      return [...behind, ...names.slice(0, Math.max(Math.min(index - 1, this.#ahead - behind.length), 0))];
    } catch (error) {
      if (error instanceof LinuxError) return [];
      throw error;
    }
  }

  #list(directory: Location): Order | undefined {
    if (this.#listed !== undefined) return this.#listed;
    const names = this.#vfs().foreseeNames(directory, LISTING_MAX);
    if (names !== undefined) this.#listed = orderOf(names);
    return this.#listed;
  }

  /** The order in which one name comes right behind the other, if they are in that of the directory; or else sorted. */
  #orderWith(listed: Order, previous: string, name: string): Order {
    const isListed = previous === "" || listed.placeOf(previous) === listed.placeOf(name) - 1;
    if (isListed || listed.names.length <= AHEAD_MAX) return listed;
    this.#sorted ??= orderOf([...listed.names].sort());
    return this.#sorted;
  }

  #forgetNames(): void {
    this.#names.clear();
    this.#listed = undefined;
    this.#sorted = undefined;
  }

  #tell(directory: number, prefix: string, parent: Location, name: string): void {
    const length = prefix.length + name.length;
    if (length > PATH_BYTES || this.#names.has(name)) return;
    this.#names.add(name);
    const stat = this.#statOf(parent, name);
    if (stat === undefined) return;
    const path = prefix + name;
    const hash = hashOf(path);
    const place = this.#placeFor(hash, directory);
    const at = Facts.paths + PathFact.bytes * place;
    const { view, bytes } = this.#memory;
    view.setUint32(at + PathFact.length, length, true);
    view.setUint32(at + PathFact.hash, hash, true);
    view.setInt32(at + PathFact.directory, directory, true);
    view.setInt32(at + PathFact.result, 0, true);
    writeStat(stat, view, at + PathFact.stat);
    for (let i = 0; i < length; i++) bytes[at + PathFact.name + i] = path.charCodeAt(i);
    this.#memory.markWritten(at, PathFact.bytes);
    this.#taken.set(place, { directory, parent, name });
    this.#writeCount(this.#taken.size);
    this.#told++;
  }

  /** Undefined for what is not told: links, which calls go through or not, and what may change by itself. */
  #statOf(parent: Location, name: string): Stat | undefined {
    try {
      return this.#vfs().foresee(parent, name);
    } catch (error) {
      if (error instanceof LinuxError) return undefined;
      throw error;
    }
  }

  /** A free place or the path's own, or else one whose entry gives way. */
  #placeFor(hash: number, directory: number): number {
    for (let probe = 0; probe < PROBES; probe++) {
      const place = (hash + probe) % PATHS;
      const known = this.#memory.words[(Facts.paths + PathFact.bytes * place + PathFact.hash) / 4];
      if (!this.#taken.has(place) || (known === hash && this.#taken.get(place)?.directory === directory)) return place;
    }
    return hash % PATHS;
  }

  #empty(place: number): void {
    const at = Facts.paths + PathFact.bytes * place;
    this.#memory.bytes.fill(0, at, at + PathFact.bytes);
    this.#taken.delete(place);
  }

  #writeCount(count: number): void {
    this.#memory.words[Facts.pathsCount / 4] = count;
    this.#memory.markWritten(Facts.pathsCount, 4);
  }
}

function orderOf(names: readonly string[]): Order {
  const places = new Map(names.map((name, place) => [name, place]));
  return { names, placeOf: (name) => places.get(name) ?? -1 };
}

/** As annex.c makes it. */
function hashOf(path: string): number {
  let hash = 0;
  for (let i = 0; i < path.length; i++) hash = (Math.imul(hash, 31) + path.charCodeAt(i)) >>> 0;
  return hash;
}
