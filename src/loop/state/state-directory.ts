import { basename, join, resolve } from "node:path";
import { HiddenPlaces } from "../../base/hidden-places.ts";
import { realPathOf } from "../../base/paths.ts";
import { privateDirectory } from "../../base/private-files.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { ownDirectory } from "../../base/user-directories.ts";
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
export function prepareStateDirectory({ mounts, ...place }: StatePlace): string {
  const real = makePrivate(stateDirectoryOf(place));
  refuseExposed(real, mounts);
  return real;
}

/** Throws ZtlError `state-exposed` for a mount that would show a state directory, whether that is there yet or not. */
export function refuseExposed(stateDirectory: string, mounts: readonly string[]): void {
  const state = HiddenPlaces.of([stateDirectory]);
  const mount = mounts.find((one) => state.relationOf(one) !== undefined);
  if (mount === undefined) return;
  throw new ZtlError(
    "state-exposed",
    `The state directory ${stateDirectory} and the mount ${mount} lie in one another`,
    { remedy: "Set stateDirectory to a place that no tool sees, or mount a smaller directory." },
  );
}

/** Where the state of a configuration is or will be; nothing is made. */
export function stateDirectoryOf({ configured, projectDirectory }: Omit<StatePlace, "mounts">): string {
  return configured === undefined ? defaultDirectory(projectDirectory) : resolve(projectDirectory, configured);
}

/** State is neither configuration nor a cache. */
function defaultDirectory(projectDirectory: string): string {
  const project = realPathOf(projectDirectory);
  const id = sha256Hex(project).slice(0, 12);
  const own = ownDirectory("XDG_STATE_HOME");
  if (own === undefined)
    throw new ZtlError("state-directory", "This user has no home directory in which a state could be kept", {
      remedy: `${STATE_REFUSAL.otherwise} Or name one for all projects with XDG_STATE_HOME.`,
    });
  return join(own, `${basename(project) || "root"}-${id}`);
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
    throw new ZtlError(
      "state-directory",
      `The state directory cannot be used: ${reason}`,
      { remedy: STATE_REFUSAL.otherwise },
      { cause: error },
    );
  }
}
