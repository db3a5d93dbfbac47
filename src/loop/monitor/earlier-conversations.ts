import { ActionHistory, type Baseline, type PastCall } from "../../entropy/index.ts";
import type { Entry, EntryKind, Ledger } from "../../ledger/index.ts";
import type { Policy } from "../../policy/index.ts";
import { detail } from "../history/run-story.ts";
import { LEARNT_CALLS_MAX, LEARNT_CONVERSATIONS_MAX, LEARNT_ENTRIES_MAX } from "../limits.ts";

/** What is known of one conversation, as far as it teaches. */
interface Earlier {
  readonly kin: string;
  readonly job: string | undefined;
  /** By run; taken for done once something came back. */
  readonly calls: Map<string, PastCall>;
  readonly done: Set<string>;
  /** Alarms that no person has agreed to, by run. */
  readonly alarms: Set<string>;
  lastAt: number;
  /** For good. */
  quarantined: boolean;
}

const LOOKED_AT: ReadonlySet<EntryKind> = new Set(["call", "given", "judgement", "breaker", "approval", "verdict"]);

/**
 * What agents did in earlier conversations: the baseline, read from the ledger, which is signed and kept. One teaches when it has
 * rested for a while and nobody has anything against it: no alarm that no person agreed to, no breaker, no rejection, nothing that the
 * guard withheld. Of an
 * agent that is still at work nothing is learnt, so that what it does cannot make itself usual.
 */
export class EarlierConversations {
  readonly #ledger: Ledger;
  readonly #policy: Policy;
  readonly #learnAfterMs: number;
  readonly #now: () => number;
  readonly #all = new Map<string, Earlier>();
  /** Which conversation a run belongs to, of those in `#all`. */
  readonly #runs = new Map<string, string>();
  #next: number | undefined;

  constructor({ ledger, policy, now }: { ledger: Ledger; policy: Policy; now: () => number }, learnAfterMs: number) {
    this.#ledger = ledger;
    this.#policy = policy;
    this.#now = now;
    this.#learnAfterMs = learnAfterMs;
  }

  /** For a conversation of this agent, which is no part of it. */
  baselineFor({ agent, conversation, job }: Whose): Baseline {
    this.#catchUp();
    const kin = this.#policy.configuredAgent(agent);
    const history = new ActionHistory();
    const restedAt = this.#now() - this.#learnAfterMs;
    for (const [key, one] of this.#all) {
      if (one.kin !== kin || key === keyOf(agent, conversation) || one.lastAt > restedAt || one.done.size === 0)
        continue;
      const calls = [...one.calls].flatMap(([runId, call]) => (one.done.has(runId) ? [call] : []));
      // Each conversation without a job's name is a job of its own.
      history.learn(one.job ?? `conversation ${key}`, { calls, quarantined: one.quarantined || one.alarms.size > 0 });
    }
    return history.baseline(job);
  }

  #catchUp(): void {
    this.#next ??= Math.max(0, (this.#ledger.head()?.size ?? 0) - LEARNT_ENTRIES_MAX);
    for (;;) {
      const entries = this.#ledger.query({ fromIndex: this.#next, limit: PAGE_ENTRIES });
      const last = entries.at(-1);
      if (last === undefined) return;
      for (const entry of entries) if (LOOKED_AT.has(entry.kind as EntryKind)) this.#take(entry);
      this.#next = last.index + 1;
    }
  }

  #take(entry: Entry): void {
    if (entry.kind === "call") {
      this.#begin(entry);
      return;
    }
    if (entry.kind === "breaker") {
      this.#stopped(entry);
      return;
    }
    const one = this.#ofRun(entry.runId);
    if (one === undefined || entry.runId === undefined) return;
    one.lastAt = Date.parse(entry.time);
    if (entry.kind === "given") one.done.add(entry.runId);
    if (isAlarm(entry)) one.alarms.add(entry.runId);
    if (isAgreed(entry)) one.alarms.delete(entry.runId);
    one.quarantined ||= isAgainst(entry);
  }

  /** A breaker is against the conversation that it stops, and against the one that it was opened for. */
  #stopped({ runId: cause, body }: Extract<Entry, { kind: "breaker" }>): void {
    if (body.change !== "opened") return;
    const { agent, conversation, runId } = body;
    const whole =
      agent === undefined || conversation === undefined ? undefined : this.#all.get(keyOf(agent, conversation));
    for (const one of [whole, this.#ofRun(runId), this.#ofRun(cause)]) if (one !== undefined) one.quarantined = true;
  }

  #ofRun(runId: string | undefined): Earlier | undefined {
    const key = runId === undefined ? undefined : this.#runs.get(runId);
    return key === undefined ? undefined : this.#all.get(key);
  }

  #begin(entry: Extract<Entry, { kind: "call" }>): void {
    const { runId, agent = "", body, time } = entry;
    const conversation = detail(entry, "conversation");
    if (runId === undefined || conversation === undefined) return;
    const key = keyOf(agent, conversation);
    const kin = this.#policy.configuredAgent(agent);
    const fresh = {
      kin,
      job: detail(entry, "job"),
      calls: new Map(),
      done: new Set<string>(),
      alarms: new Set<string>(),
      lastAt: 0,
      quarantined: false,
    };
    const one: Earlier = this.#all.get(key) ?? fresh;
    one.lastAt = Date.parse(time);
    if (one.calls.size < LEARNT_CALLS_MAX) {
      // A large input is content beside its entry: of such a call only the tool is learnt.
      one.calls.set(runId, { tool: body.tool, args: body.input ?? null });
      this.#runs.set(runId, key);
    }
    this.#all.delete(key);
    this.#all.set(key, one);
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [key, { calls }] of this.#all) {
      if (this.#all.size <= LEARNT_CONVERSATIONS_MAX) return;
      for (const runId of calls.keys()) this.#runs.delete(runId);
      this.#all.delete(key);
    }
  }
}

export interface Whose {
  readonly agent: string;
  readonly conversation: string;
  readonly job?: string | undefined;
}

const PAGE_ENTRIES = 1000;

function keyOf(agent: string, conversation: string): string {
  return JSON.stringify([agent, conversation]);
}

function isAlarm(entry: Entry): boolean {
  return entry.kind === "judgement" && entry.body.decision !== "go";
}

/** A person has seen the evidence and wanted the call: it is usual from then on. */
function isAgreed({ kind, body }: Entry): boolean {
  return kind === "approval" && body.subject === "call" && body.decision === "approve";
}

function isAgainst(entry: Entry): boolean {
  switch (entry.kind) {
    case "approval":
      return entry.body.decision === "reject" || entry.body.decision === "revoke";
    case "verdict":
      return entry.body.verdict !== "admit";
    default:
      return false;
  }
}
