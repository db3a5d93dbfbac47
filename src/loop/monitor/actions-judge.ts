import { canonicalise } from "../../base/canonical-json.ts";
import type { Json } from "../../base/json.ts";
import { sha256Hex } from "../../base/sha256.ts";
import {
  ActionMonitor,
  type ActionWeights,
  type Evidence,
  type KnownSource,
  outwardByPolicy,
} from "../../entropy/index.ts";
import type { Call } from "../call/call.ts";
import { actingIn } from "../call/severance.ts";
import { RecordedContents } from "../history/recorded-contents.ts";
import { HASHED_JSON, LEARNT_CALLS_MAX, MONITORED_CONVERSATIONS_MAX, MONITORED_STEPS_MAX } from "../limits.ts";
import { originsOfRun } from "../origins/origins.ts";
import type { LoopParts } from "../parts.ts";
import { eventsOf } from "./conversation-events.ts";
import { EarlierConversations } from "./earlier-conversations.ts";
import { type Judgement, recordedJudgement, sentenceOf } from "./judgement.ts";

export interface ActionsJudgeOptions {
  readonly weights: ActionWeights;
  readonly calibrationSha256: string;
  readonly onAlarm: "ask" | "sever";
  readonly severAboveBits: number | undefined;
  readonly learnAfterMs: number;
}

type Parts = Pick<LoopParts, "policy" | "ledger" | "runIndex" | "originIndex" | "breaker" | "now">;

/** One conversation as far as it was followed. */
interface Followed {
  readonly monitor: ActionMonitor;
  readonly knowledge: Judgement["knowledge"];
  /** The last entry of the ledger that was looked at. */
  after: number;
  /** Calls that were judged: in the ledger they come once more. */
  readonly judged: Set<string>;
  /** Judged and not made yet, by what is called with what: asking again is no second use. */
  readonly open: Map<string, Judgement>;
  /** Calls of one conversation are judged one after the other. */
  last: Promise<unknown>;
}

/**
 * Judges each call of an outward tool before it is made, by the monitor of actions, from what the ledger has: what the person asked
 * for, what came back so far, what the agent's earlier conversations did, and where the values in its arguments came from.
 */
export class ActionsJudge {
  readonly #parts: Parts;
  readonly #options: ActionsJudgeOptions;
  readonly #earlier: EarlierConversations;
  readonly #followed = new Map<string, Followed>();

  constructor(parts: Parts, options: ActionsJudgeOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#earlier = new EarlierConversations(parts, options.learnAfterMs);
  }

  /** Undefined for a call that reaches nothing outside. It is in the ledger, and has opened a breaker if it is to, when this resolves. */
  async judge(call: Call): Promise<Judgement | undefined> {
    if (this.#parts.policy.tool(call.tool)?.effect !== "outward") return undefined;
    const recorded = recordedJudgement(this.#parts.ledger, call.scope.runId);
    if (recorded !== undefined) return recorded;
    const followed = this.#follow(call);
    const judged = followed.last.then(() => this.#judge(followed, call));
    followed.last = judged.catch(() => {});
    return judged;
  }

  async #judge(followed: Followed, call: Call): Promise<Judgement> {
    const { tool, input, scope, recorder, caller } = call;
    // Its own entry has to be there to be traced, and those before it.
    await recorder.settle();
    const contents = new RecordedContents(this.#parts.ledger);
    await this.#catchUp(followed, contents, call);
    const key = keyOf(tool, input);
    const known = followed.open.get(key);
    remember(followed.judged, scope.runId);
    const judgement = again(known) ?? (await this.#observe(followed, contents, call));
    if (followed.open.size < LEARNT_CALLS_MAX) followed.open.set(key, judgement);
    recorder.record({ kind: "judgement", body: { ...judgement, details: { conversation: caller.conversation } } });
    if (judgement.decision === "sever") this.#sever(call, judgement);
    return judgement;
  }

  async #observe(followed: Followed, contents: RecordedContents, { tool, input, scope }: Call): Promise<Judgement> {
    const from = sourcesOf((await originsOfRun(this.#parts, scope.runId, contents)) ?? []);
    const evidence = followed.monitor.observe({ kind: "call", tool, args: input, from });
    const { monitor, knowledge } = followed;
    return this.#judgementOf(evidence ?? NOTHING, { tool, knowledge, alarmBits: monitor.alarmBits });
  }

  #judgementOf(
    { bits, probability, alarm, reasons }: Evidence,
    known: Pick<Judgement, "tool" | "knowledge" | "alarmBits">,
  ): Judgement {
    const { onAlarm, severAboveBits = Number.POSITIVE_INFINITY, calibrationSha256 } = this.#options;
    const decision = bits > severAboveBits ? "sever" : alarm ? onAlarm : "go";
    const told = reasons
      .slice(0, REASONS_MAX)
      .map((one) => ({ ...one, text: one.text.slice(0, REASON_CHARACTERS_MAX).toWellFormed() }));
    return { monitor: "actions", ...known, decision, bits, probability, reasons: told, calibrationSha256 };
  }

  #sever(call: Call, judgement: Judgement): void {
    const { bits, reasons, alarmBits } = judgement;
    this.#parts.breaker.notice({
      ...{ ...actingIn(call), kind: "monitor", tool: call.tool, reason: sentenceOf(judgement) },
      evidence: { bits, alarmBits, reasons: reasons.map((one): Json => ({ ...one })) },
    });
  }

  /** What came into the conversation since it was looked at last; and calls of other processes, which count as uses. */
  async #catchUp(followed: Followed, contents: RecordedContents, { caller, scope }: Call): Promise<void> {
    const { agent, conversation } = caller;
    for (;;) {
      const range = { after: followed.after, limit: PAGE_ENTRIES };
      const entries = await this.#parts.runIndex.stepsOf({ conversation, agent }, range);
      const last = entries.at(-1);
      if (last === undefined) return;
      for (const entry of entries) {
        for (const { runId, event } of await eventsOf(contents, entry)) {
          const isJudged = runId !== undefined && (runId === scope.runId || followed.judged.has(runId));
          if (event.kind === "call" && isJudged) continue;
          if (event.kind === "result" && isJudged) followed.open.delete(keyOf(event.tool, event.args));
          followed.monitor.observe(event);
        }
      }
      followed.after = last.index;
    }
  }

  #follow({ caller }: Call): Followed {
    const { agent, conversation, job } = caller;
    const key = JSON.stringify([agent, conversation]);
    const known = this.#followed.get(key) ?? this.#begin({ agent, conversation, job });
    this.#followed.delete(key);
    this.#followed.set(key, known);
    for (const oldest of this.#followed.keys()) {
      if (this.#followed.size <= MONITORED_CONVERSATIONS_MAX) break;
      this.#followed.delete(oldest);
    }
    return known;
  }

  #begin(whose: Parameters<EarlierConversations["baselineFor"]>[0]): Followed {
    const baseline = this.#earlier.baselineFor(whose);
    const tools = Object.entries(this.#parts.policy.config.tools);
    const outward = outwardByPolicy(new Map(tools.map(([name, { effect }]) => [name, effect === "outward"])));
    const monitor = new ActionMonitor({ baseline, outward, weights: this.#options.weights });
    const knowledge = baseline.sameJob.length > 0 ? "same-job" : "other-jobs";
    return { monitor, knowledge, after: this.#start(), judged: new Set(), open: new Map(), last: Promise.resolve() };
  }

  /** Of a conversation that goes on for very long, its last steps. */
  #start(): number {
    return Math.max(-1, (this.#parts.ledger.head()?.size ?? 0) - 1 - MONITORED_STEPS_MAX);
  }
}

const PAGE_ENTRIES = 500;
/** One for each feature there is, with some to spare; a sentence names tools and arguments, and no whole text. */
const REASONS_MAX = 20;
const REASON_CHARACTERS_MAX = 1000;
/** Runs whose calls come once more: they do at the next look. */
const JUDGED_RUNS_MAX = 10_000;
const NOTHING: Evidence = { bits: 0, probability: 0.5, alarm: true, reasons: [] };

/** A call that opened a breaker, which was closed since: whoever closed it has seen the evidence, and may agree to the call. */
function again(known: Judgement | undefined): Judgement | undefined {
  return known?.decision === "sever" ? { ...known, decision: "ask" } : known;
}

function remember(runs: Set<string>, runId: string): void {
  runs.add(runId);
  if (runs.size > JUDGED_RUNS_MAX) runs.delete(runs.keys().next().value as string);
}

function keyOf(tool: string, input: Json): string {
  return sha256Hex(canonicalise({ tool, input }, HASHED_JSON));
}

/** Values that are traced to what others wrote, however they are spelt here. */
function sourcesOf(origins: Awaited<ReturnType<typeof originsOfRun>> & {}): readonly KnownSource[] {
  return origins
    .filter(({ source }) => source.role === "given" || source.role === "file")
    .flatMap(({ places, source }) =>
      places.map((place) => ({
        path: pathOf(place),
        label: `${source.tool ?? "a text"}${source.transforms.length === 0 ? "" : `, in ${source.transforms.join(" in ")}`}`,
      })),
    );
}

/** A JSON pointer as the monitor names arguments: without the places in arrays. */
function pathOf(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    .filter((name) => !/^\d+$/.test(name))
    .join(".");
}
