import { defined } from "../../base/optional.ts";
import type { Inode } from "./inode.ts";
import {
  fixedEntries,
  type Owner,
  type ProcLink,
  SyntheticDirectory,
  type SyntheticEntries,
  SyntheticFile,
  SyntheticMagicLink,
  SyntheticSymlink,
} from "./synthetic.ts";

/** A file of /proc: how to compute its content (a byte string), or that and what to do with a write. */
export type ProcFile =
  | (() => string | Uint8Array)
  | { readonly read: () => string; readonly write: (text: string) => void };

/** The directory of a process, which stands for it where a descriptor of one is asked for (pidfd_send_signal(2)). */
export class ProcessDirectory extends SyntheticDirectory {
  readonly pid: number;

  constructor(pid: number, entries: SyntheticEntries, owner: Owner) {
    super(entries, 0o555, owner);
    this.pid = pid;
  }
}

/** What the processes tell the file system; asked anew at each look. */
export interface ProcSource {
  /** Process ids of all processes, ascending. */
  processes(): readonly number[];
  /** Whether there is such a process. */
  has(pid: number): boolean;
  /** The process id of who asks, for /proc/self; undefined when nobody does. */
  self(): number | undefined;
  owner(pid: number): Owner;
  /** Files of /proc/PID by name: "stat", "status", "cmdline", "maps"… Names with slashes make directories. */
  files(pid: number): ReadonlyMap<string, ProcFile>;
  /** exe, cwd, root. */
  links(pid: number): ReadonlyMap<string, ProcLink>;
  /** What is in /proc/PID/ns. */
  namespaces(pid: number): ReadonlyMap<string, ProcLink>;
  /** Numbers of the open descriptors. */
  descriptors(pid: number): Iterable<number>;
  descriptor(pid: number, number: number): ProcLink | undefined;
  /** Thread ids of a process. */
  threads(pid: number): readonly number[];
  /** Files outside the process directories: "meminfo", "sys/kernel/ostype". */
  readonly global: ReadonlyMap<string, ProcFile>;
}

/** The root of /proc (proc(5)). */
export function procRoot(source: ProcSource): Inode {
  const fixed = new Map<string, Inode>([
    ["self", new SyntheticSymlink(() => String(source.self() ?? ""))],
    ["net", new SyntheticSymlink(() => "self/net")],
    ["thread-self", new SyntheticSymlink(() => threadSelf(source.self()))],
    ...fileTree(source.global),
  ]);
  // Kept, so that a process's files are the same objects (and inode numbers) at each look.
  const known = new Map<number, Inode>();
  return new SyntheticDirectory({
    get: (name) => fixed.get(name) ?? processDirectory(source, name, known),
    names: () => [...source.processes().map(String), ...fixed.keys()],
  });
}

function threadSelf(pid: number | undefined): string {
  return pid === undefined ? "" : `${pid}/task/${pid}`;
}

function processDirectory(source: ProcSource, name: string, known: Map<number, Inode>): Inode | undefined {
  const pid = decimal(name);
  if (pid === undefined) return undefined;
  if (!source.has(pid)) {
    known.delete(pid);
    return undefined;
  }
  let directory = known.get(pid);
  if (directory === undefined) {
    directory = newProcessDirectory(source, pid);
    known.set(pid, directory);
  }
  return directory;
}

function newProcessDirectory(source: ProcSource, pid: number): Inode {
  const own = processEntries(source, pid);
  const threads = new Map<number, Inode>();
  const tasks = new SyntheticDirectory({
    get: (thread) => {
      const tid = decimal(thread);
      if (tid === undefined || !source.threads(pid).includes(tid)) return undefined;
      const directory = threads.get(tid) ?? new SyntheticDirectory(own, 0o555, source.owner(pid));
      threads.set(tid, directory);
      return directory;
    },
    names: () => source.threads(pid).map(String),
  });
  const entries = {
    get: (entry: string) => (entry === "task" ? tasks : own.get(entry)),
    names: () => [...own.names(), "task"],
  };
  return new ProcessDirectory(pid, entries, source.owner(pid));
}

/** The files of one process, made only when asked for. */
function processEntries(source: ProcSource, pid: number): SyntheticEntries {
  const owner = source.owner(pid);
  const entries = fileTree(source.files(pid), owner);
  for (const [name, link] of source.links(pid)) entries.set(name, new SyntheticMagicLink(link, owner));
  entries.set("ns", newNamespaceDirectory(source, pid, owner));
  const descriptors = new SyntheticDirectory(descriptorEntries(source, pid, owner), 0o500, owner);
  return fixedEntries(entries.set("fd", descriptors));
}

function newNamespaceDirectory(source: ProcSource, pid: number, owner: Owner): Inode {
  const links = new Map<string, Inode>();
  for (const [name, link] of source.namespaces(pid)) links.set(name, new SyntheticMagicLink(link, owner));
  return new SyntheticDirectory(fixedEntries(links), 0o511, owner);
}

/** Inode numbers of the links in /proc/PID/fd: above those counted up, apart for each process and descriptor. */
function descriptorIno(pid: number, descriptor: number): number {
  return 2 ** 32 + pid * 2 ** 20 + descriptor;
}

function descriptorEntries(source: ProcSource, pid: number, owner: Owner): SyntheticEntries {
  return {
    get: (name) => {
      const number = decimal(name);
      const link = number === undefined ? undefined : source.descriptor(pid, number);
      return link && new SyntheticMagicLink(link, owner, descriptorIno(pid, number ?? 0));
    },
    names: () => Array.from(source.descriptors(pid), String),
  };
}

/** Files by path as entries of a directory, with directories for the slashes. */
export function fileTree(files: ReadonlyMap<string, ProcFile>, owner?: Owner): Map<string, Inode> {
  const entries = new Map<string, Inode>();
  const directories = new Map<string, Map<string, ProcFile>>();
  for (const [path, file] of files) {
    const slash = path.indexOf("/");
    if (slash < 0) {
      entries.set(path, syntheticFile(file, owner));
      continue;
    }
    const name = path.slice(0, slash);
    const below = directories.get(name) ?? new Map<string, ProcFile>();
    directories.set(name, below.set(path.slice(slash + 1), file));
  }
  for (const [name, below] of directories) {
    entries.set(name, new SyntheticDirectory(fixedEntries(fileTree(below, owner)), 0o555, owner));
  }
  return entries;
}

function syntheticFile(file: ProcFile, owner: Owner | undefined): Inode {
  const options = defined({ owner });
  if (typeof file === "function") return new SyntheticFile(file, options);
  return new SyntheticFile(file.read, { ...options, write: file.write });
}

/** The number a name spells without leading zeros, or undefined. */
function decimal(name: string): number | undefined {
  return /^(0|[1-9]\d{0,9})$/.test(name) ? Number(name) : undefined;
}
