import { cutPlace, oneLine as onOneLine } from "../../base/text/index.ts";
import type { Entry, EntryKind } from "../../ledger/index.ts";
import { COMMAND_CHARACTERS_MAX, LINE_CHARACTERS_MAX } from "../limits.ts";
import type { RunRow } from "./run-record.ts";

/** What the entries about one run say together. */

/** Subject of the verdict on a file that a run changed. */
export const CHANGED_FILE = "changed file";

export type EntryOf<K extends EntryKind> = Extract<Entry, { kind: K }>;

export function firstOf<K extends EntryKind>(entries: readonly Entry[], kind: K): EntryOf<K> | undefined {
  return entries.find((entry): entry is EntryOf<K> => entry.kind === kind);
}

export function allOf<K extends EntryKind>(entries: readonly Entry[], kind: K): EntryOf<K>[] {
  return entries.filter((entry): entry is EntryOf<K> => entry.kind === kind);
}

/** A member of an entry's `details`, when it is a text. */
export function detail(entry: Entry | undefined, name: string): string | undefined {
  const details = (entry?.body as { details?: unknown } | undefined)?.details;
  if (typeof details !== "object" || details === null || !Object.hasOwn(details, name)) return undefined;
  const value = (details as Record<string, unknown>)[name];
  return typeof value === "string" ? value : undefined;
}

const ORDER = ["admit", "flag", "block"] as const;

/** Undefined for entries that do not begin with a call. */
export function rowOf(entries: readonly Entry[]): RunRow | undefined {
  const call = firstOf(entries, "call");
  if (call?.runId === undefined) return undefined;
  const decision = allOf(entries, "policy-decision").at(-1)?.body.decision ?? "none";
  const run = firstOf(entries, "run")?.body;
  const hasFailed = entries.some(({ kind }) => kind === "failure");
  // What a run wrote into files went to no model: it is for whoever reviews the change set.
  const verdicts = allOf(entries, "verdict")
    .filter(({ body }) => body.subject !== CHANGED_FILE)
    .map(({ body }) => body.verdict);
  return {
    runId: call.runId,
    index: call.index,
    agent: call.agent ?? "",
    tool: call.body.tool,
    conversation: detail(call, "conversation") ?? "",
    time: call.time,
    command: oneLine(detail(call, "command") ?? ""),
    decision,
    status: run?.status ?? (hasFailed ? "error" : "none"),
    verdict: verdicts.sort((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0] ?? "none",
    replayable: run?.replay !== undefined || run?.replayContent !== undefined,
  };
}

/** For a list: on one line, and not too long. */
export function oneLine(command: string): string {
  return cut(onOneLine(command), LINE_CHARACTERS_MAX);
}

/** For whoever decides about it: as it is, as far as anybody reads. */
export function bounded(command: string): string {
  return cut(command, COMMAND_CHARACTERS_MAX);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, cutPlace(text, most)).toWellFormed()}…`;
}
