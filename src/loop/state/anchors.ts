import { existsSync } from "node:fs";
import { type Anchor, Anchoring, type AnchorPlace, anchorAt, type Ledger, parseHead } from "../../ledger/index.ts";
import type { Policy } from "../../policy/index.ts";
import type { Listeners } from "../events.ts";
import { ANCHOR_EVERY_MS } from "../limits.ts";
import { KnownLedger, type Witness } from "./known-ledger.ts";
import { openStateDatabaseForReading, stateDatabasePath } from "./state-database.ts";

/** The anchors that a configuration names. */
export function anchorsOf({ config }: Pick<Policy, "config">): readonly Anchor[] {
  return (config.ledger?.anchors ?? []).map((place) => anchorAt(place as AnchorPlace));
}

/** The last heads in files, which cost nothing to look at; the other anchors are for `ztl ledger verify`. */
export async function lastInFiles({ config }: Pick<Policy, "config">): Promise<readonly Witness[]> {
  const files = (config.ledger?.anchors ?? []).filter((place) => "file" in place).map((place) => anchorAt(place));
  const found = await Promise.all(
    files.map(async (anchor): Promise<Witness | undefined> => {
      const last = (await anchor.lines()).findLast(isHead);
      return last === undefined ? undefined : { name: `the anchor ${anchor.name}`, head: parseHead(last) };
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Anything else in a file, such as a line that a loss of power cut short, says nothing. */
function isHead(line: string): boolean {
  try {
    parseHead(line);
    return true;
  } catch {
    return false;
  }
}

export interface KeptHeads {
  readonly anchors: readonly { readonly name: string; readonly line: string }[];
  /** Sentences about anchors that could not be read. */
  readonly problems: readonly string[];
}

/** All heads that the state and the anchors have. */
export async function keptHeads(policy: Pick<Policy, "config">, stateDirectory: string): Promise<KeptHeads> {
  const state = { name: "the state beside it", lines: async () => headInState(stateDirectory) };
  const found: { name: string; line: string }[] = [];
  const problems: string[] = [];
  for (const { name, lines } of [
    state,
    ...anchorsOf(policy).map((one) => ({ name: one.name, lines: () => one.lines() })),
  ]) {
    try {
      for (const line of await lines()) if (isHead(line)) found.push({ name, line });
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { anchors: found, problems };
}

function headInState(stateDirectory: string): string[] {
  const path = stateDatabasePath(stateDirectory);
  if (!existsSync(path)) return [];
  const database = openStateDatabaseForReading(stateDirectory);
  try {
    const { head } = new KnownLedger(database);
    return head === undefined ? [] : [head.line];
  } finally {
    database.close();
  }
}

export function startAnchoring(policy: Policy, ledger: Ledger, listeners: Listeners): Anchoring {
  return new Anchoring({
    anchors: anchorsOf(policy),
    everyMs: policy.config.ledger?.anchorEveryMs ?? ANCHOR_EVERY_MS,
    head: () => ledger.head(),
    onProblem: ({ name }, error) => {
      const message = error instanceof Error ? error.message : String(error);
      listeners.tell({ type: "anchor-failed", anchor: name, message });
    },
  });
}
