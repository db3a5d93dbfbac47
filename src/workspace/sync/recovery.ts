import { parentOf } from "../../base/byte-string.ts";
import { inSlices } from "../../base/pace.ts";
import { ZtlError } from "../../errors.ts";
import { RootDirectory } from "../files/root-directory.ts";
import type { Journal, JournalEntry, JournalPhase, Operation } from "../state/journal.ts";
import { type Aside, NOTHING_ASIDE } from "./aside.ts";
import { placeKey } from "./check.ts";
import type { Step } from "./plan.ts";
import { Staging } from "./staging.ts";
import type { StepPlace } from "./step.ts";
import { spareAllWritten, takeAllBack } from "./way-back.ts";

/** What was found half done, and what was made of it. */
export interface Recovered extends Aside {
  readonly changeSetId: string;
  readonly operation: Operation;
  /** `unreachable`: a root is not there; it is tried again with the next turn. */
  readonly outcome: "rolled-back" | "finished" | "unreachable";
  /** How far it had come. */
  readonly phase: JournalPhase;
  /** Of what is on the host for good: which attempt it was, to be acknowledged when it is recorded, and what it wrote. */
  readonly attempt?: string;
  readonly files?: readonly string[];
}

/** To be called with the turn held: then whoever wrote these entries is dead. */
export async function recoverAll(journal: Journal): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const head of journal.heads()) recovered.push(await recover(await journal.read(head), journal));
  return recovered;
}

/** The same, and what was done for good by whoever died before it was recorded. */
export async function recoverWithUntold(journal: Journal): Promise<Recovered[]> {
  const recovered = await recoverAll(journal);
  const untold = (await journal.untold()).map(({ attempt, changeSetId, operation, files }): Recovered => {
    const ended = recovered.find((one) => one.changeSetId === changeSetId && one.outcome === "finished");
    const { leftAlone, keptBeside } = ended ?? NOTHING_ASIDE;
    return { changeSetId, operation, outcome: "finished", phase: "done", attempt, files, leftAlone, keptBeside };
  });
  return [...recovered.filter(({ outcome }) => outcome !== "finished"), ...untold];
}

async function recover(entry: JournalEntry, journal: Journal): Promise<Recovered> {
  const { changeSetId, operation, phase } = entry;
  const directories: RootDirectory[] = [];
  try {
    for (const root of entry.roots) directories.push(openRoot(root));
    const aside = await end(entry, directories);
    if (phase === "applying") journal.takenBack(changeSetId, operation);
    for (const directory of directories) await Staging.remove(directory, changeSetId);
    await journal.remove(changeSetId);
    return { changeSetId, operation, phase, outcome: phase === "done" ? "finished" : "rolled-back", ...aside };
  } catch (error) {
    if (!ZtlError.isInstance(error) || error.code !== "root-missing") throw error;
    return { changeSetId, operation, phase, outcome: "unreachable", ...NOTHING_ASIDE };
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

function stagingsOf({ changeSetId }: JournalEntry, directories: readonly RootDirectory[]): Stagings {
  const stagings = directories.map((directory) => Staging.open(directory, changeSetId));
  return {
    of: (root) => {
      const staging = stagings[root];
      if (staging === undefined) throw new ZtlError("root-missing", "What was kept for taking it back is gone");
      return staging;
    },
    has: (root) => stagings[root] !== undefined,
    close: () => {
      for (const staging of stagings) staging?.close();
    },
  };
}

interface Stagings {
  readonly of: (root: number) => Staging;
  readonly has: (root: number) => boolean;
  readonly close: () => void;
}

/** Whatever was applied for good stays; only what somebody has written since to what was replaced is looked for. */
async function end(entry: JournalEntry, directories: readonly RootDirectory[]): Promise<Aside> {
  if (entry.phase === "staging") return NOTHING_ASIDE;
  const { steps, objects, found } = entry;
  const rootPaths = entry.roots.map(({ path }) => path);
  const stagings = stagingsOf(entry, directories);
  try {
    if (entry.phase === "done") {
      const placeOf = ({ root }: Step, number: number): StepPlace | undefined =>
        stagings.has(root)
          ? { directory: directories[root] as RootDirectory, staging: stagings.of(root), number }
          : undefined;
      return await spareAllWritten({ steps, found, rootPaths, placeOf });
    }
    const aside = await takeAllBack({ steps, objects, rootPaths, directories, stagingOf: stagings.of });
    const parents = new Map<string, Pick<Step, "root" | "path">>();
    await inSlices(steps, ({ root, path }) => {
      parents.set(placeKey(root, parentOf(path)), { root, path: parentOf(path) });
    });
    await inSlices(parents.values(), ({ root, path }) => directories[root]?.syncNames(path));
    return aside;
  } finally {
    stagings.close();
  }
}
