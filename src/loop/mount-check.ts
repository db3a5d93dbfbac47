import { accessSync, type BigIntStats, constants, statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { HiddenPlaces } from "../base/hidden-places.ts";
import { isWithin, realPathOf } from "../base/paths.ts";
import { errorCode } from "../base/system-error.ts";
import { plainText } from "../base/text/index.ts";
import { ZtlError } from "../errors.ts";
import type { MountConfig, ResolvedConfig } from "../policy/index.ts";
import { hiddenPlaces, refuseHidden } from "../sandbox/index.ts";

/** What is wrong with one mount, where, and what to do about it. */
export interface MountProblem {
  readonly code: "mount-not-found" | "mount-invalid" | "mount-hidden" | "mount-overlap" | "state-exposed";
  /** Such as `tools.shell.mounts.0.host`. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

export interface MountSurroundings {
  readonly stateDirectory: string;
  readonly cacheDirectory?: string | false | undefined;
  /** What to do about a mount that is not there, or not for this user: refuse, the default, or go on and tell. */
  readonly missing?: "refuse" | "tell" | undefined;
}

type Told = Omit<MountProblem, "path">;

/** Told at most; the rest is counted. */
const PROBLEMS_SHOWN_MAX = 20;

/**
 * Looks at all mounts of a configuration as they are on this host now; makes nothing. Throws one ZtlError for all that is wrong,
 * with the code of the first problem and all of them in `details.problems`. Returns what is only told.
 */
export function checkMountsOf(config: ResolvedConfig, surroundings: MountSurroundings): readonly MountProblem[] {
  const state = HiddenPlaces.of([surroundings.stateDirectory]);
  const hidden = hiddenPlaces({}, surroundings.cacheDirectory ?? false);
  const problems: MountProblem[] = [];
  for (const [name, tool] of Object.entries(config.tools)) {
    if (tool.external) continue;
    const { mounts } = tool;
    for (const [index, mount] of mounts.entries()) {
      const add = (member: string, told: Told | undefined): void => {
        if (told !== undefined) problems.push({ path: `tools.${name}.mounts.${index}.${member}`, ...told });
      };
      const own =
        hiddenProblem(mount, hidden) ??
        systemProblem(mount) ??
        stateProblem(mount, state, surroundings.stateDirectory) ??
        hostProblem(mount);
      add("host", own);
      add("guest", guestProblem(mount));
      for (const [other, earlier] of mounts.slice(0, index).entries()) {
        add("guest", orderProblem(mount, earlier, other));
        if (own === undefined) add("host", divergenceProblem(mount, earlier, other));
      }
    }
  }
  const isTold = ({ code }: MountProblem): boolean => surroundings.missing === "tell" && code === "mount-not-found";
  refuse(problems.filter((one) => !isTold(one)));
  return problems.filter(isTold);
}

function refuse(problems: readonly MountProblem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const lines = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map(({ path, message, remedy }) => `\n  ${plainText(`${path}: ${message}`)}. ${plainText(remedy)}`);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`\n  … and ${more} more`);
  throw new ZtlError(first.code, `What the configuration mounts cannot be mounted like this:${lines.join("")}`, {
    problems,
    remedy: first.remedy,
  });
}

function hiddenProblem({ host }: MountConfig, hidden: HiddenPlaces): Told | undefined {
  try {
    refuseHidden(host, hidden);
    return undefined;
  } catch (error) {
    if (!ZtlError.isInstance(error)) throw error;
    return { code: "mount-hidden", message: error.message, remedy: String(error.details.remedy ?? "") };
  }
}

/**
 * Places of the system's: what they show changes by itself, belongs to every process, and is other things than files. `/` holds
 * them all, and each user's files and keys beside them. Removable media and directories in shared memory are a user's own.
 */
function systemProblem({ host }: MountConfig): Told | undefined {
  const real = realPathOf(host);
  const place = ["/proc", "/sys", "/dev", "/run"].find((one) => isWithin(real, one));
  const isOwn = ["/run/media/", "/dev/shm/"].some((own) => real.startsWith(own));
  if (real !== "/" && (place === undefined || isOwn)) return undefined;
  const what = real === "/" ? "all of this host" : `what the system keeps in ${place}`;
  return {
    code: "mount-hidden",
    message: `${host} cannot be mounted: it is ${what}`,
    remedy:
      "Mount the directories that the tool needs; the guest has programs, libraries, /proc, /dev and /run of its own.",
  };
}

function stateProblem({ host }: MountConfig, state: HiddenPlaces, stateDirectory: string): Told | undefined {
  if (state.relationOf(host) === undefined) return undefined;
  return {
    code: "state-exposed",
    message: `The state directory ${stateDirectory} and the mount ${host} lie in one another`,
    remedy: "Set stateDirectory to a place that no tool sees, or mount a smaller directory.",
  };
}

/** Directories are not made for anybody: one that is missing is more often mistyped than meant to be empty. */
function hostProblem({ host, guest, mode }: MountConfig): Told | undefined {
  let status: BigIntStats | undefined;
  try {
    status = statSync(host, { bigint: true, throwIfNoEntry: false });
    if (status !== undefined) accessSync(host, constants.R_OK | (status.isDirectory() ? constants.X_OK : 0));
  } catch (error) {
    const message = `${host} cannot be read by this user (${errorCode(error) ?? "unknown"})`;
    return { code: "mount-invalid", message, remedy: "Give this user the right to read it, or mount something else." };
  }
  if (status === undefined) {
    const message = `There is no ${host} on this host to mount at ${guest}`;
    return {
      code: "mount-not-found",
      message,
      remedy: "Make the directory, correct the path, or take the mount away.",
    };
  }
  if (status.isDirectory() || (status.isFile() && mode === "ro")) return undefined;
  return status.isFile()
    ? {
        code: "mount-invalid",
        message: `${host} is a file, and an overlay needs a directory`,
        remedy: "Mount the directory that the file lies in, or the file with mode ro.",
      }
    : {
        code: "mount-invalid",
        message: `${host} is neither a directory nor a file`,
        remedy: "Mount a directory, or with mode ro a file.",
      };
}

/** The guest's own trees: what is mounted in there would have no place, or take the place of what programs need. */
function guestProblem({ guest }: MountConfig): Told | undefined {
  const tree = ["/proc", "/sys", "/dev"].find((one) => isWithin(guest, one));
  if (tree === undefined) return undefined;
  return {
    code: "mount-overlap",
    message: `${guest} lies in the guest's own ${tree}`,
    remedy: "Choose a place of its own, such as /data.",
  };
}

/** The inner one is shown whatever the order; but whoever wrote the outer one later may mean it to be what is seen there. */
function orderProblem({ guest }: MountConfig, earlier: MountConfig, index: number): Told | undefined {
  if (guest === earlier.guest || !isWithin(earlier.guest, guest)) return undefined;
  return {
    code: "mount-overlap",
    message: `${guest} would lie over mounts.${index}, ${earlier.guest}, which is listed before it`,
    remedy: "List the outer mount first, or mount the inner one elsewhere.",
  };
}

/** Each overlay has changes of its own: what is written through one would not be there through the other. */
function divergenceProblem(mount: MountConfig, earlier: MountConfig, index: number): Told | undefined {
  if (mount.mode !== "overlay" || earlier.mode !== "overlay") return undefined;
  const inEarlier = wayInto(earlier.host, mount.host);
  const inMount = wayInto(mount.host, earlier.host);
  const isSamePlace =
    (inEarlier !== undefined && joined(earlier.guest, inEarlier) === mount.guest) ||
    (inMount !== undefined && joined(mount.guest, inMount) === earlier.guest);
  if ((inEarlier === undefined && inMount === undefined) || isSamePlace) return undefined;
  return {
    code: "mount-overlap",
    message: `${mount.host} and the overlay of mounts.${index}, ${earlier.host}, hold the same files: what a tool writes at ${mount.guest} would not be there at ${earlier.guest}`,
    remedy: "Mount the outer directory once, or one of the two with mode ro.",
  };
}

function joined(guest: string, way: string): string {
  return way === "" ? guest : `${guest === "/" ? "" : guest}/${way}`;
}

/** The way from a directory down to another, "" when they are the same; also where a link or a bind mount leads there. */
function wayInto(outer: string, inner: string): string | undefined {
  const real = realPathOf(inner);
  const wanted = objectAt(outer);
  for (let at = real; wanted !== undefined; at = dirname(at)) {
    if (objectAt(at) === wanted) return relative(at, real);
    if (at === "/") break;
  }
  return undefined;
}

function objectAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // Not there, or closed to us: told elsewhere.
    return undefined;
  }
}
