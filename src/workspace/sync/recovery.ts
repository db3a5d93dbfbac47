import { labelOf, parentOf } from "../../base/byte-string.ts";
import { ZtlError } from "../../errors.ts";
import { RootDirectory } from "../files/root-directory.ts";
import type { Journal, JournalEntry, JournalPhase, Operation } from "../state/journal.ts";
import { Staging } from "./staging.ts";
import { takeBack } from "./step.ts";

/** What was found half done, and what was made of it. */
export interface Recovered {
  readonly changeSetId: string;
  readonly operation: Operation;
  /** `unreachable`: a root is not there; it is tried again with the next turn. */
  readonly outcome: "rolled-back" | "finished" | "unreachable";
  /** How far it had come. */
  readonly phase: JournalPhase;
  /** Host paths at which somebody else's change was found and left as it was. */
  readonly leftAlone: readonly string[];
}

/** To be called with the turn held: then whoever wrote these entries is dead. */
export function recoverAll(journal: Journal): Recovered[] {
  return journal.entries().map((entry) => recover(entry, journal));
}

function recover(entry: JournalEntry, journal: Journal): Recovered {
  const { changeSetId, operation, phase } = entry;
  const directories: RootDirectory[] = [];
  try {
    for (const root of entry.roots) directories.push(openRoot(root));
    const leftAlone = phase === "applying" ? takeAllBack(entry, directories) : [];
    if (phase === "applying") journal.takenBack(changeSetId, operation);
    for (const directory of directories) Staging.remove(directory, changeSetId);
    journal.remove(changeSetId);
    return { changeSetId, operation, phase, outcome: phase === "done" ? "finished" : "rolled-back", leftAlone };
  } catch (error) {
    if (!ZtlError.isInstance(error) || error.code !== "root-missing") throw error;
    return { changeSetId, operation, phase, outcome: "unreachable", leftAlone: [] };
  } finally {
    for (const directory of directories) directory.close();
  }
}

function openRoot({ path, inode }: JournalEntry["roots"][number]): RootDirectory {
  const directory = new RootDirectory(path);
  if (String(directory.inode) === inode) return directory;
  directory.close();
  throw new ZtlError("root-missing", `${path} is another directory than the one that was being changed`, { path });
}

function takeAllBack({ changeSetId, steps, roots }: JournalEntry, directories: readonly RootDirectory[]): string[] {
  const leftAlone: string[] = [];
  const stagings = directories.map((directory) => Staging.open(directory, changeSetId));
  try {
    for (const [number, step] of [...steps.entries()].reverse()) {
      const directory = directories[step.root] as RootDirectory;
      const staging = stagings[step.root];
      if (staging === undefined) throw new ZtlError("root-missing", "What was kept for taking it back is gone");
      const path = roots[step.root]?.path ?? "";
      if (!takeBack(step, { directory, staging, number })) leftAlone.push(`${path}/${labelOf(step.path)}`);
    }
    for (const { root, path } of steps) directories[root]?.syncNames(parentOf(path));
    return leftAlone;
  } finally {
    for (const staging of stagings) staging?.close();
  }
}
