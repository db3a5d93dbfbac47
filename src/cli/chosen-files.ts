import { resolve } from "node:path";
import { defined } from "../base/optional.ts";
import type { FileChange, ReviewSummary, ZeroTrustLoop } from "../loop/index.ts";
import { UsageError } from "./usage-error.ts";

/** Which files of a change set a command is about, as its arguments name them. */
export interface ChosenFiles {
  readonly files?: readonly string[];
  readonly protectedFiles?: readonly string[];
}

interface Values {
  readonly file?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly protected?: readonly string[] | undefined;
}

/**
 * Files may be named as they were shown, which is as the run saw them, or as they are on this host; `--only` takes a directory, and all of
 * it. A name that is neither stays as it is, so that the answer tells of it. Throws UsageError for a directory without changes.
 */
export async function chosenFiles(
  loop: ZeroTrustLoop,
  { id, kind }: ReviewSummary,
  values: Values,
): Promise<ChosenFiles> {
  const { file = [], only = [], protected: agreed } = values;
  const hasChoice = values.file !== undefined || values.only !== undefined;
  const names = { files: hasChoice ? file : undefined, protectedFiles: agreed };
  if (kind !== "change-set" || (!hasChoice && agreed === undefined)) {
    if (only.length > 0) throw new UsageError("--only goes with changed files");
    return defined(names);
  }
  const review = await loop.reviews.get(id);
  const changes = review?.kind === "change-set" ? review.files : [];
  const shown = new Set(changes.map(({ path }) => path));
  const byHostPath = new Map(changes.map(({ hostPath, path }) => [hostPath, path]));
  const nameOf = (name: string): string => (shown.has(name) ? name : (byHostPath.get(resolve(name)) ?? name));
  const chosen = new Set([...file.map(nameOf), ...only.flatMap((directory) => below(directory, changes))]);
  return defined({ files: hasChoice ? [...chosen] : undefined, protectedFiles: agreed?.map(nameOf) });
}

/** What is in a directory, which may be new itself; with new directories that it is in, without which it cannot be written. */
function below(name: string, changes: readonly FileChange[]): string[] {
  const asShown = name.replace(/(?<=.)\/+$/, "");
  const onHost = resolve(name);
  const isIn = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`);
  const found = changes.filter(({ path, hostPath }) => isIn(path, asShown) || isIn(hostPath, onHost));
  const [first] = found;
  if (first === undefined) throw new UsageError(`nothing among the changes is in ${name}`);
  const above = changes.filter(
    ({ path, change, fileType }) => change === "add" && fileType === "directory" && isIn(first.path, path),
  );
  return [...above, ...found].map(({ path }) => path);
}
