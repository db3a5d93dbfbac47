import type { DatabaseSync } from "node:sqlite";
import type { Entry } from "../../ledger/index.ts";
import { recordedTrace } from "../handles/trace.ts";
import { SEARCHED_CHARACTERS_MAX } from "../limits.ts";
import { CHANGED_FILE, detail, type EntryOf, rowOf } from "./run-story.ts";

/** Puts what one entry says into the index of runs. Entries come in the ledger's order, each once. */
export function indexEntry(database: DatabaseSync, entry: Entry): void {
  if (entry.kind === "call") addRun(database, entry);
  else if (entry.runId !== undefined) updateRun(database, entry.runId, entry);
  const conversation = detail(entry, "conversation") ?? conversationOf(database, entry.runId);
  if (conversation === undefined) return;
  database
    .prepare("INSERT OR IGNORE INTO step (conversation, agent, place) VALUES (?, ?, ?)")
    .run(conversation, entry.agent ?? "", entry.index);
}

function conversationOf(database: DatabaseSync, runId: string | undefined): string | undefined {
  if (runId === undefined) return undefined;
  const row = database.prepare("SELECT conversation FROM run WHERE id = ?").get(runId);
  return row === undefined ? undefined : String(row.conversation);
}

function addRun(database: DatabaseSync, entry: EntryOf<"call">): void {
  const row = rowOf([entry]);
  if (row === undefined) return;
  const { runId, time, agent, tool, conversation, command, decision, status, verdict } = row;
  const { traceId, spanId, parentSpanId } = recordedTrace(entry) ?? {};
  const step = [traceId, spanId, parentSpanId].join(" ");
  const words = [agent, tool, conversation, step, command, JSON.stringify(entry.body.input ?? "")].join("\n");
  database
    .prepare(
      "INSERT OR IGNORE INTO run (id, place, time, agent, tool, conversation, command, decision, status, ended, verdict, " +
        "replayable, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?)",
    )
    .run(
      ...[runId, entry.index, time, agent, tool, conversation, command, decision, status, verdict],
      words.toLowerCase().slice(0, SEARCHED_CHARACTERS_MAX).toWellFormed(),
    );
}

function updateRun(database: DatabaseSync, runId: string, entry: Entry): void {
  switch (entry.kind) {
    case "policy-decision":
      database.prepare("UPDATE run SET decision = ? WHERE id = ?").run(entry.body.decision, runId);
      return;
    case "run": {
      const { status, replay, replayContent } = entry.body;
      const isReplayable = replay !== undefined || replayContent !== undefined;
      database
        .prepare("UPDATE run SET status = ?, replayable = ?, ended = 1 WHERE id = ? AND ended = 0")
        .run(status, isReplayable ? 1 : 0, runId);
      return;
    }
    case "verdict":
      addVerdict(database, runId, entry);
      return;
    case "failure":
      database.prepare("UPDATE run SET status = 'error' WHERE id = ? AND status = 'none'").run(runId);
  }
}

function addVerdict(database: DatabaseSync, runId: string, { body }: EntryOf<"verdict">): void {
  const insert = database.prepare("INSERT OR IGNORE INTO finding (rule, run) VALUES (?, ?)");
  for (const { rule, family } of body.findings) for (const name of [rule, family]) insert.run(name, runId);
  // What a run wrote into files went to no model: it is for whoever reviews the change set.
  if (body.subject === CHANGED_FILE) return;
  const milder = { admit: ["none"], flag: ["none", "admit"], block: ["none", "admit", "flag"] }[body.verdict];
  const places = milder.map(() => "?").join(", ");
  database
    .prepare(`UPDATE run SET verdict = ? WHERE id = ? AND verdict IN (${places})`)
    .run(body.verdict, runId, ...milder);
}
