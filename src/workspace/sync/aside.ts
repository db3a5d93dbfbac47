import * as fs from "node:fs";
import { type ByteString, below, labelOf, nameOf, parentOf, toByteString } from "../../base/byte-string.ts";
import { errorCode } from "../../base/system-error.ts";
import { Obstacle } from "../files/obstacle.ts";
import { isSameObject, type RootDirectory, statusOf } from "../files/root-directory.ts";
import { NAME_BYTES_MAX } from "../limits.ts";
import { linked } from "./step.ts";

/** What somebody else did while files were being changed, and how it was spared. Paths are the host's, as text. */
export interface Aside {
  /** Where what was found is not what was put there: it stays as it is. */
  readonly leftAlone: readonly string[];
  /** What would have stood there instead, under a name beside it. */
  readonly keptBeside: readonly { readonly path: string; readonly keptAs: string }[];
}

export const NOTHING_ASIDE: Aside = { leftAlone: [], keptBeside: [] };

/** One place of those; paths are relative to the root. */
export interface Spared {
  readonly path: ByteString;
  readonly keptAs?: ByteString;
}

/** Names tried for one file; each attempt to end an interrupted sync needs one more at most. */
const NAMES_MAX = 100;

/**
 * Gives a kept file a name beside the place it came from, or in the nearest directory above that takes it. Undefined when
 * none does: its content is then in the workspace's contents only.
 */
export function keepBeside(
  kept: string,
  path: ByteString,
  directory: RootDirectory,
  changeSetId: string,
): ByteString | undefined {
  for (let around = parentOf(path), isTop = false; !isTop; around = parentOf(around)) {
    isTop = around === "";
    for (let number = 1; number <= NAMES_MAX; number++) {
      const beside = below(around, besideName(nameOf(path), changeSetId, number));
      const outcome = tryName(kept, beside, directory);
      if (outcome === "kept") return beside;
      if (outcome === "no-directory") break;
    }
  }
  return undefined;
}

function besideName(name: ByteString, changeSetId: string, number: number): ByteString {
  const suffix = `.ztl-${changeSetId.slice(0, 8)}${number === 1 ? "" : `-${number}`}`;
  return (name.slice(0, NAME_BYTES_MAX - suffix.length) + suffix) as ByteString;
}

function tryName(kept: string, beside: ByteString, directory: RootDirectory): "kept" | "taken" | "no-directory" {
  try {
    const path = directory.locate(beside);
    const there = statusOf(path);
    if (there !== undefined) return isSameObject(there, statusOf(kept)) ? "kept" : "taken";
    if (!linked(kept, path)) fs.renameSync(kept, path);
    directory.syncNames(parentOf(beside));
    return "kept";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "taken";
    if (error instanceof Obstacle || ["EACCES", "EPERM", "EROFS", "ENOENT"].includes(errorCode(error) ?? ""))
      return "no-directory";
    throw error;
  }
}

/** Gathers what was spared, each path once. */
export class AsideList {
  readonly #leftAlone = new Set<string>();
  readonly #keptBeside = new Map<string, string>();

  add(rootPath: string, { path, keptAs }: Spared): void {
    const label = hostLabel(rootPath, path);
    this.#leftAlone.add(label);
    if (keptAs !== undefined) this.#keptBeside.set(label, hostLabel(rootPath, keptAs));
  }

  /** Whether something in that directory was spared. */
  hasBelow(rootPath: string, path: ByteString): boolean {
    const prefix = `${hostLabel(rootPath, path)}/`;
    return [...this.#leftAlone].some((label) => label.startsWith(prefix));
  }

  get aside(): Aside {
    const keptBeside = [...this.#keptBeside].map(([path, keptAs]) => ({ path, keptAs }));
    return { leftAlone: [...this.#leftAlone], keptBeside };
  }
}

function hostLabel(rootPath: string, path: ByteString): string {
  return labelOf(below(toByteString(rootPath), path));
}
