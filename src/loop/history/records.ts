import { defined } from "../../base/optional.ts";
import type { Content, Entry, ErasureOrder, Ledger, SemanticDifferential, Verification } from "../../ledger/index.ts";
import type { OriginalName } from "../gate/originals.ts";
import { recordedTrace } from "../handles/trace.ts";
import { CASE_ENTRIES_MAX, RECORD_OUTPUT_BYTES_MAX, RUN_ENTRIES_MAX } from "../limits.ts";
import { type ActionTrace, actionTrace } from "../monitor/action-trace.ts";
import type { ArgumentOrigin } from "../origins/argument-origin.ts";
import { originsOfRun, type RunTrace, tracesOfRun } from "../origins/origins.ts";
import type { LoopParts } from "../parts.ts";
import { type CaseFile, caseOf } from "./case-file.ts";
import { differentialOf } from "./differential.ts";
import { type ErasedSubject, type Erasure, eraseRecord, erasuresOf } from "./erase.ts";
import { type ProbedShift, probeRun } from "./probe.ts";
import { RecordedContents } from "./recorded-contents.ts";
import { type ReplayOutcome, replayRun } from "./replays.ts";
import type { RunFilter } from "./run-index.ts";
import type { RunRecord, RunRow } from "./run-record.ts";
import { firstOf, rowOf } from "./run-story.ts";
import { type Timeline, timelineOf } from "./timeline.ts";
import { actsWithout, type Counterfactual, type WithoutOptions } from "./without.ts";

export interface RunsQuery extends RunFilter {
  /** Default 50. */
  readonly limit?: number;
}

/** What a case is about. */
export type CaseQuery = { readonly runId: string } | { readonly conversation: string; readonly agent?: string };

/** What the ledger tells about runs. */
export class Records {
  readonly #parts: LoopParts;
  readonly #ledger: Ledger;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#ledger = parts.ledger;
  }

  /** Newest first. `next` is there when there are more. */
  async runs({ limit = 50, ...filter }: RunsQuery = {}): Promise<{ rows: readonly RunRow[]; next?: number }> {
    const found = await this.#parts.runIndex.runs(filter, limit + 1);
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    return found.length > limit && last !== undefined ? { rows, next: last.index } : { rows };
  }

  /** Ids of runs that begin so, newest first: of all that were ever recorded. */
  async idsOf(prefix: string, limit = 2): Promise<string[]> {
    if (prefix === "") return [];
    return (await this.#parts.runIndex.runs({ idPrefix: prefix }, limit)).map(({ runId }) => runId);
  }

  async run(runId: string): Promise<RunRecord | undefined> {
    const entries = this.entriesOf(runId);
    const row = rowOf(entries);
    if (row === undefined) return undefined;
    const run = firstOf(entries, "run")?.body;
    const contents = new RecordedContents(this.#ledger);
    const [out, err] = [
      this.#original(runId, "stdout") ?? this.#original(runId, "result"),
      this.#original(runId, "stderr"),
    ];
    const stdout = out ?? (await recorded(contents, entries, run?.stdout));
    const stderr = err ?? (await recorded(contents, entries, run?.stderr));
    const differential = await differentialOf(this.#parts.runIndex, contents, entries);
    const shown = { stdout: stdout.bytes, stderr: stderr.bytes, holdsSecrets: (out ?? err) !== undefined };
    const origins = (await originsOfRun(this.#parts, runId, contents)) ?? [];
    const traces = await tracesOfRun(this.#parts, runId, contents);
    const truncated = stdout.isCut || stderr.isCut;
    const trace = entries[0] && recordedTrace(entries[0]);
    return {
      row,
      ...defined({ trace }),
      entries,
      ...shown,
      truncated,
      differential,
      origins,
      traces,
      unread: contents.unread,
    };
  }

  /** What the monitor of actions said of each outward call of a run's conversation; undefined when there is no such run. */
  actions(runId: string): Promise<ActionTrace | undefined> {
    return actionTrace(this.#parts, runId);
  }

  async differential(runId: string): Promise<SemanticDifferential | undefined> {
    const entries = this.entriesOf(runId);
    return entries.length === 0
      ? undefined
      : differentialOf(this.#parts.runIndex, new RecordedContents(this.#ledger), entries);
  }

  /** Where the arguments of a call came from; undefined when there is no such call. */
  origins(runId: string): Promise<readonly ArgumentOrigin[] | undefined> {
    return originsOfRun(this.#parts, runId, new RecordedContents(this.#ledger));
  }

  /** Later calls and sayings of any agent that have something of what a run returned. */
  traces(runId: string): Promise<readonly RunTrace[]> {
    return tracesOfRun(this.#parts, runId, new RecordedContents(this.#ledger));
  }

  /**
   * How the configuration's probe model would act with and without what the run added; undefined when none is configured.
   * Throws ZtlError `model-…` when it does not answer.
   */
  async probe(runId: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ProbedShift | undefined> {
    return probeRun(this.#parts, this.entriesOf(runId), signal);
  }

  /** What the probe model does without what the run returned; undefined when none is configured. Throws ZtlError `model-…`. */
  async without(runId: string, options: WithoutOptions = {}): Promise<Counterfactual | undefined> {
    return actsWithout(this.#parts, this.entriesOf(runId), options);
  }

  /** One conversation from its beginning; `agent` where several have one of that name. Undefined when nothing is recorded of it. */
  async timeline(conversation: string, agent?: string): Promise<Timeline | undefined> {
    return timelineOf(this.#parts, conversation, agent);
  }

  /** Conversations whose name begins so, by name, each once for every agent that has one; only those of `agent` where it is given. */
  async conversations(
    prefix: string,
    { agent, limit = 50 }: { readonly agent?: string | undefined; readonly limit?: number } = {},
  ): Promise<{ conversation: string; agent: string }[]> {
    return this.#parts.runIndex.conversations(prefix, { agent, limit });
  }

  /**
   * A part of the ledger with its proofs and a verifier, for somebody who has nothing of ours; see `caseOf`. Undefined when nothing
   * is recorded of it. Throws ZtlError `case-large`.
   */
  async exportCase(query: CaseQuery): Promise<CaseFile | undefined> {
    const entries = "runId" in query ? this.entriesOf(query.runId) : await this.#entriesOfConversation(query);
    return entries.length === 0 ? undefined : caseOf(this.#ledger, entries);
  }

  async #entriesOfConversation({ conversation, agent }: Exclude<CaseQuery, { runId: string }>): Promise<Entry[]> {
    const places = await this.#parts.runIndex.places(conversation, { agent, limit: CASE_ENTRIES_MAX + 1 });
    return places.flatMap((place) => this.#ledger.entry(place) ?? []);
  }

  /** Takes out the content of a run, a conversation, or all that is old, for good; see `eraseRecord`. */
  erase(subject: ErasedSubject, why: Pick<ErasureOrder, "reason" | "by">): Promise<readonly Erasure[]> {
    return eraseRecord(this.#parts, subject, why);
  }

  /** By whom, when and why runs were erased whose id begins so, newest first. */
  erasuresOf(prefix: string): readonly Erasure[] {
    return erasuresOf(this.#parts, prefix);
  }

  verify(): Promise<Verification> {
    return this.#ledger.verify();
  }

  /** Runs a recorded call again in a micro-VM and compares. */
  replay(runId: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ReplayOutcome> {
    return replayRun(this.#parts, this.entriesOf(runId), signal);
  }

  /** Everything recorded about a run, oldest first. */
  entriesOf(runId: string): Entry[] {
    return runId === "" ? [] : this.#ledger.query({ runId, limit: RUN_ENTRIES_MAX });
  }

  /** The output as it was, where the ledger has it without its secrets. */
  #original(runId: string, name: OriginalName): ShownOutput | undefined {
    const bytes = this.#parts.originals.of(runId, name);
    return bytes && cut(bytes);
  }
}

interface ShownOutput {
  readonly bytes: Uint8Array;
  readonly isCut: boolean;
}

function cut(bytes: Uint8Array): ShownOutput {
  return { bytes: bytes.subarray(0, RECORD_OUTPUT_BYTES_MAX), isCut: bytes.length > RECORD_OUTPUT_BYTES_MAX };
}

async function recorded(
  contents: RecordedContents,
  [call]: readonly Entry[],
  content: Content | undefined,
): Promise<ShownOutput> {
  return cut((content && call && (await contents.read(call, content))) ?? new Uint8Array(0));
}
