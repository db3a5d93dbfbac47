import { randomUUID } from "node:crypto";
import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import type { Body, Entry, EntryDraft, Ledger } from "../../ledger/index.ts";
import type { Consideration, Policy, Trouble } from "../../policy/index.ts";
import { BREAKER_EVIDENCE_BYTES_MAX } from "../limits.ts";
import type { BreakerStore } from "./breaker-store.ts";
import { type Live, LiveWork, type OnOpen } from "./live-work.ts";
import type { OpenBreaker, Opening } from "./opening.ts";
import { type ActingIn, type BreakerTarget, describeTarget, keyOf, targetAround, targetsCovering } from "./target.ts";

export interface BreakerOptions {
  readonly store: BreakerStore;
  readonly policy: Policy;
  readonly ledger: Ledger;
  readonly now: () => number;
  /** Tells listeners of a durable entry. */
  readonly told: (entry: Entry) => void;
}

/** Something that may trip a breaker, as the loop or a gate saw it. */
export interface Sign extends Omit<Trouble, "agent">, ActingIn {
  /** A sentence of ours, with no word of the content: the agent is told. */
  readonly reason: string;
  /** For people; bounded here. */
  readonly evidence?: Json;
}

type NewOpening = Omit<Opening, "id" | "openedAt">;

/**
 * What stands between an agent and everything it does. While a breaker is open nothing of its target begins, and what goes on is
 * ended; it is state of all processes, which each call asks.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #live: LiveWork;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#live = new LiveWork({
      version: () => options.store.version,
      openOver: (live) => this.#standing(live, live.tool).blocking,
    });
  }

  /** What stands against a call now; changes nothing. */
  refusal(who: ActingIn, tool: string): Consideration | undefined {
    const { blocking } = this.#standing(who, tool);
    return blocking && refuses(blocking, this.#options.now());
  }

  /** The same for a call that is to be made: it may be the one that is let through. */
  enter(who: ActingIn, tool: string): Consideration | undefined {
    const { blocking, cooled } = this.#standing(who, tool);
    if (blocking !== undefined) return refuses(blocking, this.#options.now());
    if (cooled.length === 0) return undefined;
    const ids = cooled.map(({ id }) => id);
    if (!this.#options.store.probe(ids, who.runId)) return this.refusal(who, tool) ?? BUSY;
    for (const breaker of cooled) this.#record(breaker, "probed", { details: { runId: who.runId } });
    return undefined;
  }

  /** A run is over. If it was let through a breaker, what became of it decides about that. */
  left(runId: string, endedWell: boolean): void {
    const { store } = this.#options;
    for (const breaker of store.probedBy(runId)) {
      if (!endedWell) {
        if (store.reopen(breaker.id, runId)) this.#record(breaker, "reopened", { details: { runId } });
      } else if (store.close(breaker.id, runId))
        this.#record(breaker, "closed", { reason: "The call that was let through ended well." });
    }
  }

  /** `onOpen` is called as soon as a breaker over it is open, at once if one is; for runs, and for the connections of a gate. */
  watch(live: Live, onOpen: OnOpen): () => void {
    return this.#live.register(live, onOpen);
  }

  /** What a sign of trouble opens, by the policy. It has taken effect when this returns, and is on its way to the ledger. */
  notice({ kind, agent, conversation, runId, tool, severity, reason, evidence }: Sign): readonly OpenBreaker[] {
    const { policy, store } = this.#options;
    const kin = policy.configuredAgent(agent);
    return policy.tripsFor({ kind, agent, tool, severity }).flatMap(({ rule, scope, count, withinMs, coolDownMs }) => {
      const target = targetAround({ agent, conversation, runId }, scope, kin);
      const counted = { kind, rule, target, withinMs };
      if (count > 1 && store.count(counted) < count) return [];
      if (count > 1) store.forget(counted);
      const facts = { rule, ...(count > 1 && { count, withinMs }), ...defined({ evidence: bounded(evidence) }) };
      const { breaker, isNew, recorded } = this.#open({
        ...{ target, source: kind, reason, causedBy: runId, evidence: facts },
        ...defined({ coolDownMs }),
      });
      // A ledger that takes nothing any more refuses the next call, too.
      recorded.catch(() => {});
      return isNew ? [breaker] : [];
    });
  }

  /** Resolves when it is durable; it has taken effect before. */
  async open(opening: NewOpening): Promise<OpenBreaker> {
    const { breaker, recorded } = this.#open(opening);
    await recorded;
    return breaker;
  }

  /** False when it is not open any more. */
  async close(breaker: OpenBreaker, by: ClosedBy): Promise<boolean> {
    if (!this.#options.store.close(breaker.id)) return false;
    await this.#record(breaker, "closed", by);
    return true;
  }

  /** Those that are not closed, the newest first. */
  list(): readonly OpenBreaker[] {
    return this.#options.store.list();
  }

  find(id: string): OpenBreaker | undefined {
    return this.#options.store.get(id);
  }

  dispose(): void {
    this.#live.close();
  }

  #open(opening: NewOpening): { breaker: OpenBreaker; isNew: boolean; recorded: Promise<void> } {
    const { store, now } = this.#options;
    const id = randomUUID();
    this.#live.cut({ ...opening, id }, (live) => this.#isOver(opening.target, live));
    const { breaker, isNew } = store.open({ ...opening, id, openedAt: now() });
    this.#live.look();
    const { reason, coolDownMs, evidence, openedBy: by } = breaker;
    const recorded = isNew
      ? this.#record(breaker, "opened", { reason, ...defined({ coolDownMs, evidence, by }) })
      : Promise.resolve();
    return { breaker, isNew, recorded };
  }

  /** Breakers over it: the first that keeps this from being done, and those that have cooled down and let it through. */
  #standing(who: ActingIn, tool: string): { blocking: OpenBreaker | undefined; cooled: readonly OpenBreaker[] } {
    const now = this.#options.now();
    const over = this.#over(who, tool).filter(({ probe }) => probe !== who.runId);
    const cooled = over.filter(({ probeAt }) => probeAt !== undefined && probeAt <= now);
    return { blocking: over.find((one) => !cooled.includes(one)), cooled };
  }

  #isOver(target: BreakerTarget, live: Live): boolean {
    const { policy } = this.#options;
    if (target.scope !== "run" && !policy.isClosedByBreaker(live.tool)) return false;
    const targets = targetsCovering(live, policy.configuredAgent(live.agent));
    return targets.some((one) => one.scope === target.scope && keyOf(one) === keyOf(target));
  }

  #over(who: ActingIn, tool: string): readonly OpenBreaker[] {
    const { policy, store } = this.#options;
    const over = store.over(targetsCovering(who, policy.configuredAgent(who.agent)));
    // Most often there is none; of a run that is stopped by itself every part is closed.
    return over.length === 0 || policy.isClosedByBreaker(tool) ? over : over.filter(isOfRun);
  }

  async #record(breaker: OpenBreaker, change: Change, facts: Partial<Body<"breaker">>): Promise<void> {
    const { ledger, told } = this.#options;
    const { id: breakerId, target, hash: subjectSha256, source, causedBy } = breaker;
    const { scope, ...whose } = target;
    const body: Body<"breaker"> = { breakerId, change, scope, ...whose, subjectSha256, source, ...facts };
    const frame = defined({ runId: causedBy, agent: agentOf(target) });
    const recorded = ledger.append({ kind: "breaker", ...frame, body } as EntryDraft).then(told);
    // Heard of by whoever waits; a call hears of it when its own steps are settled.
    recorded.catch(() => {});
    return recorded;
  }
}

type Change = Body<"breaker">["change"];

/** Who closed it, as the authority has it. */
export interface ClosedBy {
  readonly reviewer: string;
  readonly message?: string;
  readonly statements?: string[];
}

const BUSY: Consideration = {
  rule: "breaker",
  outcome: "refuses",
  why: "A breaker was opened, or another call let through it, just now: ask again later.",
};

function isOfRun({ target }: OpenBreaker): boolean {
  return target.scope === "run";
}

function agentOf(target: BreakerTarget): string | undefined {
  return target.scope === "global" ? undefined : target.agent;
}

function refuses({ id, target, state, reason, openedBy, probeAt }: OpenBreaker, now: number): Consideration {
  const who = openedBy === undefined ? "It opened by itself" : `${openedBy} opened it`;
  const next =
    probeAt === undefined
      ? `Nothing of it is done until a reviewer closes it (ztl breaker close ${id.slice(0, 8)}): tell the person you work for, and do not try again.`
      : `${state === "half-open" ? "One call is on its way to see" : "One call may try"} in ${Math.max(1, Math.ceil((probeAt - now) / 1000))} s; a reviewer can close it before (ztl breaker close ${id.slice(0, 8)}).`;
  const why = `The breaker of ${describeTarget(target)} is open. ${who}: ${sentence(reason)} ${next}`;
  return { rule: "breaker", outcome: "refuses", why };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Evidence is for people: what is too long of it they find in the entries that it is about. */
function bounded(evidence: Json | undefined): Json | undefined {
  if (evidence === undefined) return undefined;
  const bytes = Buffer.byteLength(JSON.stringify(evidence));
  return bytes <= BREAKER_EVIDENCE_BYTES_MAX ? evidence : { tooLong: bytes };
}
