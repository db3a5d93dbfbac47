import { existsSync, realpathSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { isBelow, type Way } from "./way.ts";

/**
 * Who may have put a file where it is. What guests run comes from this host, and must not be chosen by whoever filled the
 * working directory, by an agent whose changes were once approved, or by another user.
 */

/** S_IWGRP | S_IWOTH (inode(7)). An ACL that lets others write shows in the group's bits as well (acl(5)). */
const OTHERS_MAY_WRITE = 0o022;

/** S_ISVTX (inode(7)): a directory that is meant for everybody, such as /tmp. */
const STICKY = 0o1000;

/** Why a program is not used, and what to do about it. */
export interface Objection {
  readonly reason: string;
  readonly remedy: string;
}

/** Directories whose content is a project's, not the host's. */
export interface ProjectPlaces {
  /** The working directory and the working copy it lies in, unless these hold more than a project. */
  readonly workingDirectory: readonly string[];
  readonly mounts: readonly string[];
  /** Where work is done, whatever else is there. */
  readonly worksIn: readonly string[];
}

/** The programs of the distribution: whoever mounts all of `/` or `/usr` still means these. */
const SYSTEM_TREES = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Directories that hold many projects, or none. */
const NO_PROJECT = new Set(["/", "/home", "/root", "/opt", "/srv", "/mnt", "/media", "/var", "/tmp"]);

/**
 * @param workingDirectory where the caller is, if it is anywhere. `/` and a home directory hold the host's programs and the
 *   user's own beside everything else: to be there says nothing about what they are.
 * @param mounts host directories and files that guests see
 */
export function projectPlaces(workingDirectory: string | undefined, mounts: readonly string[]): ProjectPlaces {
  const repository = workingDirectory === undefined ? undefined : repositoryOf(workingDirectory);
  const here = [workingDirectory, repository].filter((place) => place !== undefined);
  const mounted = mounts.flatMap((host) => [...new Set([host, realOrGiven(host)])]);
  return {
    workingDirectory: here.filter((place) => !isWide(place)),
    mounts: mounted,
    worksIn: [...here, ...mounted],
  };
}

/** Whether a directory is one in which a virtual environment is that of a project being worked in: `.venv` is in its top. */
export function holdsProject(directory: string, { worksIn }: ProjectPlaces): boolean {
  return !isWide(directory) && worksIn.some((place) => isBelow(place, directory));
}

function isWide(place: string): boolean {
  return NO_PROJECT.has(place) || ["/usr", ...accountHome()].some((held) => isBelow(held, place));
}

/** By the system's accounts: the variable HOME may be anything, such as the project of a build server. */
function accountHome(): string[] {
  try {
    return [realOrGiven(userInfo().homedir)];
  } catch {
    // A user without an account.
    return [];
  }
}

/** The working directory, unless it was removed under the process. */
export function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The top of the working copy that a directory lies in. */
function repositoryOf(directory: string): string | undefined {
  for (let place = directory; place !== "/"; place = dirname(place)) if (existsSync(join(place, ".git"))) return place;
  return undefined;
}

function realOrGiven(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What speaks against trusting what a way leads to; undefined when nothing does. */
export function objectionTo(way: Way, places: ProjectPlaces): Objection | undefined {
  for (const { path } of way.steps) {
    const inside = projectObjection(path, places);
    if (inside !== undefined) return inside;
  }
  return permissionObjection(way);
}

function projectObjection(path: string, places: ProjectPlaces): Objection | undefined {
  const remedy = "name it to use it all the same";
  const mount = places.mounts.find((place) => isBelow(path, place) && !isSystemWithin(path, place));
  if (mount !== undefined)
    return { reason: `${path} lies in ${mount}, which is mounted: guests may have changed it`, remedy };
  const here = places.workingDirectory.find((place) => isBelow(path, place));
  if (here !== undefined) return { reason: `${path} belongs to the project in ${here}, the working directory`, remedy };
  return undefined;
}

function isSystemWithin(path: string, place: string): boolean {
  return SYSTEM_TREES.some((tree) => isBelow(tree, place) && isBelow(path, tree));
}

/** Others than root and this user who may write anywhere on the way. */
export function permissionObjection(way: Way): Objection | undefined {
  // In a user namespace root's files may appear to be nobody's; whoever owns / is this system's root.
  const trusted = new Set([0, process.getuid?.() ?? 0, statSync("/").uid]);
  for (const { path, status } of way.steps) {
    if (!trusted.has(status.uid))
      return { reason: `${path} belongs to user ${status.uid}`, remedy: "name it to use it all the same" };
    // The permissions of a link mean nothing; those of the directory that holds it were looked at before.
    if (status.isSymbolicLink() || (status.mode & OTHERS_MAY_WRITE) === 0) continue;
    const mend = (status.mode & STICKY) === 0 ? `\`chmod go-w ${path}\` if it is yours` : "put it elsewhere";
    return {
      reason: `${path} can be written by other users`,
      remedy: `${mend}, or name the program to use it all the same`,
    };
  }
  return undefined;
}
