import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZtlError } from "../../../errors.ts";
import { findGroupPlace, type GroupPlace } from "./place.ts";
import { ownGroupName, removeGroup, removeStaleGroups } from "./stale.ts";

/** What a group lets its processes take together. */
export interface GroupLimits {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly tasks: number;
  /** Processors' worth of time. */
  readonly processors: number;
}

/** cpu.max (cgroups(7)): time per period, both in microseconds; the kernel's own period. */
const PERIOD_US = 100_000;
/** The last process of a group may still be on its way out when its end is known; far longer than that takes. */
const REMOVE_TRIES = 100;
const REMOVE_PAUSE_MS = 20;

/** The groups of this process lie in one of its own, which is made for the first and removed with the last. */
let house: { readonly directory: string; readonly place: GroupPlace; readonly groups: Set<CellGroup> } | undefined;
let numbered = 0;

/** A control group around one cell's process. */
export class CellGroup {
  readonly #directory: string;
  #memoryBytes: number;

  private constructor(directory: string, limits: GroupLimits) {
    this.#directory = directory;
    this.#memoryBytes = limits.memoryBytes;
  }

  /** @throws ZtlError `cgroup-unavailable` where no group can be made. */
  static make(limits: GroupLimits): CellGroup {
    const { directory, place, groups } = openHouse();
    const group = new CellGroup(join(directory, `cell-${++numbered}`), limits);
    try {
      mkdirSync(group.#directory, { mode: 0o755 });
      groups.add(group);
      group.#limit(limits, place);
      return group;
    } catch (error) {
      void group.remove();
      throw unavailable(`${group.#directory} cannot be used`, error);
    }
  }

  /** For a process that joins by writing 0 to it: a descriptor of `cgroup.procs`, the caller's to close. */
  openMembers(): number {
    return openSync(join(this.#directory, "cgroup.procs"), "w");
  }

  /** Lets the group take more memory than it was made for; never less. */
  allowMemory(bytes: number): void {
    if (bytes <= this.#memoryBytes) return;
    this.#write("memory.max", bytes);
    this.#memoryBytes = bytes;
  }

  /** Once its processes are gone. What cannot be removed is left for the next process that makes groups here. */
  async remove(): Promise<void> {
    for (let tries = 0; tries < REMOVE_TRIES && !removeGroup(this.#directory); tries++)
      await sleep(REMOVE_PAUSE_MS, undefined, { ref: false });
    house?.groups.delete(this);
    if (house?.groups.size === 0 && removeGroup(house.directory)) house = undefined;
  }

  #limit({ memoryBytes, tasks, processors }: GroupLimits, { controllers }: GroupPlace): void {
    this.#write("memory.max", memoryBytes);
    // What does not fit into memory is not put on the host's disk instead.
    this.#tryWrite("memory.swap.max", 0);
    // All of a cell or nothing: a launcher without its cell would only wait.
    this.#tryWrite("memory.oom.group", 1);
    this.#write("pids.max", tasks);
    if (controllers.includes("cpu")) this.#write("cpu.max", `${processors * PERIOD_US} ${PERIOD_US}`);
  }

  #write(file: string, value: number | string): void {
    writeFileSync(join(this.#directory, file), String(value));
  }

  /** For what older kernels, or those without swap, do not have. */
  #tryWrite(file: string, value: number): void {
    try {
      this.#write(file, value);
    } catch {
      // The other limits hold without it.
    }
  }
}

function openHouse(): NonNullable<typeof house> {
  if (house !== undefined) return house;
  const place = findGroupPlace();
  if (place === undefined) throw unavailable("no group around this process hands out memory and pids to this user");
  const directory = join(place.directory, ownGroupName());
  try {
    removeStaleGroups(place.directory);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    writeFileSync(join(directory, "cgroup.subtree_control"), place.controllers.map((name) => `+${name}`).join(" "));
  } catch (error) {
    throw unavailable(`${directory} cannot be made`, error);
  }
  house = { directory, place, groups: new Set() };
  return house;
}

function unavailable(what: string, cause?: unknown): ZtlError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new ZtlError("cgroup-unavailable", code === undefined ? what : `${what} (${code})`, {}, { cause });
}

/** Tries it once. @returns why no group can be made; undefined when one can. */
export function groupsMissing(): string | undefined {
  try {
    const group = CellGroup.make({ memoryBytes: 2 ** 26, tasks: 8, processors: 1 });
    closeSync(group.openMembers());
    void group.remove();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
