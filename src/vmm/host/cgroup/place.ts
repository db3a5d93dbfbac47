import { accessSync, constants, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Where this process may make control groups of its own (cgroups(7), version 2). */

/** What a group must be able to bound; processor time is bounded, too, where that controller is handed out. */
const NEEDED = ["memory", "pids"] as const;
const WELCOME = ["cpu"] as const;

export interface GroupPlace {
  readonly directory: string;
  /** Controllers that groups made there can have. */
  readonly controllers: readonly string[];
}

/**
 * The nearest group around this process's own, or that itself, which hands out the needed controllers to groups below it and
 * in which this user may make some. A group that hands out controllers holds no process of its own (cgroups(7), "no
 * internal processes"), and groups of others are left as they are, so nothing is turned on and nobody is moved.
 */
export function findGroupPlace(): GroupPlace | undefined {
  const own = ownGroup();
  if (own === undefined) return undefined;
  for (let directory = own.directory; ; directory = dirname(directory)) {
    const handedOut = words(join(directory, "cgroup.subtree_control"));
    if (NEEDED.every((name) => handedOut.includes(name)) && isWritable(directory)) {
      return { directory, controllers: [...NEEDED, ...WELCOME.filter((name) => handedOut.includes(name))] };
    }
    if (directory === own.top || directory === "/") return undefined;
  }
}

/** This process's group as a directory, and the topmost one that is seen here. */
function ownGroup(): { readonly directory: string; readonly top: string } | undefined {
  const path = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup"))?.[1];
  // proc_pid_mountinfo(5): … root, mount point, options, more, "-", type of file system.
  const mounted = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(read("/proc/self/mountinfo"));
  if (path === undefined || mounted === null) return undefined;
  const [, root, top] = mounted as unknown as [string, string, string];
  const below = relative(root, path);
  return below.startsWith("..") ? undefined : { directory: join(top, below), top };
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    accessSync(join(directory, "cgroup.procs"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function words(file: string): string[] {
  return read(file).split(/\s+/).filter(Boolean);
}

/** Empty when it cannot be read: such a system has no such group. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
