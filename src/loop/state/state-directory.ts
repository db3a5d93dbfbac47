import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isWithin } from "../../base/paths.ts";
import { privateDirectory } from "../../base/private-files.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { userDirectory } from "../../base/user-directories.ts";
import { ZtlError } from "../../errors.ts";

/**
 * Where the ledger, its key, pending change sets and reviews live: outside every mount, so that no guest can read them and
 * no change set can reach them.
 */
export interface StatePlace {
  readonly configured?: string | undefined;
  /** The config's directory: projects have states of their own. */
  readonly projectDirectory: string;
  /** Host paths that tools see. */
  readonly mounts: readonly string[];
}

/** Throws ZtlError `state-exposed` or `state-directory`. Returns the real path, private to this user. */
export function prepareStateDirectory({ configured, projectDirectory, mounts }: StatePlace): string {
  const directory =
    configured === undefined ? defaultDirectory(projectDirectory) : resolve(projectDirectory, configured);
  const real = makePrivate(directory);
  for (const mount of mounts) {
    const mounted = realOrGiven(mount);
    if (!isWithin(real, mounted) && !isWithin(mounted, real)) continue;
    throw new ZtlError("state-exposed", `The state directory ${real} and the mount ${mounted} lie in one another`, {
      remedy: "Set stateDirectory to a place that no tool sees, or mount a smaller directory.",
    });
  }
  return real;
}

/** State is neither configuration nor a cache. */
function defaultDirectory(projectDirectory: string): string {
  const base = userDirectory("XDG_STATE_HOME");
  const project = realOrGiven(projectDirectory);
  const id = sha256Hex(project).slice(0, 12);
  return join(base, "zero-trust-loop", `${basename(project) || "root"}-${id}`);
}

export const STATE_REFUSAL = {
  code: "state-directory",
  otherwise: "Set stateDirectory to a directory of this user's alone; what is missing is made.",
};

function makePrivate(directory: string): string {
  try {
    return privateDirectory(directory, STATE_REFUSAL);
  } catch (error) {
    if (ZtlError.isInstance(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ZtlError("state-directory", `The state directory cannot be used: ${reason}`, {}, { cause: error });
  }
}

/** The real path of the deepest part that exists, with the rest as it is. */
function realOrGiven(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOrGiven(parent), basename(path));
  }
}
