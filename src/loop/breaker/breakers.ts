import { randomUUID } from "node:crypto";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { Policy } from "../../policy/index.ts";
import { detail, firstOf } from "../history/run-story.ts";
import { BREAKER_MESSAGE_CHARACTERS_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { DecisionOptions, DecisionResult } from "../reviews/review.ts";
import type { OpenBreaker } from "./opening.ts";
import type { BreakerTarget } from "./target.ts";

/** What to stop. Nothing named: everything. */
export interface OpenRequest {
  /** An agent by its name, or as the pattern under which the configuration has it. */
  readonly agent?: string;
  /** One conversation of that agent. */
  readonly conversation?: string;
  /** One run; alone. */
  readonly runId?: string;
  /** Who stops it: a name for the ledger. Anybody may stop; it takes a reviewer to go on. */
  readonly by: string;
  /** Why; the agent is told. */
  readonly message?: string;
}

export type CloseOptions = DecisionOptions & {
  /** `hash` of what was seen. */
  readonly hash?: string;
};

export type CloseResult =
  | { readonly status: "closed" }
  | Extract<DecisionResult, { status: "not-found" | "stale" | "not-allowed" | "more-reviewers" }>;

/** The breakers, for people and their pages: anybody may open one, and who may decide reviews may close it. */
export class Breakers {
  readonly #parts: LoopParts;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** All that are not closed, the newest first. */
  list(): readonly OpenBreaker[] {
    return this.#parts.breaker.list();
  }

  find(id: string): OpenBreaker | undefined {
    return this.#parts.breaker.find(id);
  }

  /**
   * Stops it: nothing of it begins any more, and what goes on is ended, in this process before this returns and in others within
   * BREAKER_LOOK_MS. Resolves when it is in the ledger. Throws ZtlError `invalid-input`, `unknown-agent`, `run-not-found`.
   */
  async open(request: OpenRequest): Promise<OpenBreaker> {
    const { by, message } = request;
    expectText(by, 256, "A breaker is opened by somebody: give a name");
    if (message !== undefined) expectText(message, BREAKER_MESSAGE_CHARACTERS_MAX, "The message is empty or too long");
    const target = this.#target(request);
    const reason = message?.trim() ?? "A person stopped it.";
    const breaker = await this.#parts.breaker.open({ target, source: "person", reason, openedBy: by });
    this.#parts.reviewsChanged();
    return breaker;
  }

  /**
   * For what goes on beside the loop's calls, such as the answer of a model: `onOpen` is called once, as soon as a breaker over all
   * agents is open, over the one that is named, or its conversation; before this returns, if one is. Must not throw. Returns what ends
   * the watch. Throws ZtlError `unknown-agent`.
   */
  watch(
    { agent, conversation }: Pick<OpenRequest, "agent" | "conversation">,
    onOpen: (breaker: { readonly reason: string }) => void,
  ): () => void {
    if (agent !== undefined) expectAgent(this.#parts.policy, agent);
    // Names of agents and conversations are not empty: without one, only what is over all is over it.
    const who = { agent: agent ?? "", conversation: conversation ?? "", runId: randomUUID(), tool: "" };
    return this.#parts.breaker.watch(who, onOpen);
  }

  /** Lets it go on, once those have agreed who must; they sign it, as they do decisions about reviews. */
  async close(id: string, options: CloseOptions): Promise<CloseResult> {
    const { hash, message } = options;
    const breaker = this.find(id);
    if (breaker === undefined) return { status: "not-found" };
    if (hash !== undefined && hash !== breaker.hash) return { status: "stale", hash: breaker.hash };
    const { policy, authority } = this.#parts;
    const agent = breaker.target.scope === "global" ? undefined : breaker.target.agent;
    const needed = policy.reviewersFor({ kind: "breaker", agent: agent ?? "", tool: "" });
    const review = { id, kind: "breaker", hash: breaker.hash, runId: breaker.causedBy, agent } as const;
    const authorised = await authority.ask({ verb: "close", review, options, needed });
    if (authorised.status === "refused") return authorised.result;
    const { reviewer, statements } = authorised;
    const by = { reviewer, ...defined({ message, statements: statements && [...statements] }) };
    const wasOpen = await this.#parts.breaker.close(breaker, by);
    this.#parts.reviewsChanged();
    return wasOpen ? { status: "closed" } : { status: "not-found" };
  }

  #target({ agent, conversation, runId }: OpenRequest): BreakerTarget {
    if (runId !== undefined) {
      if ((agent ?? conversation) !== undefined)
        throw new ZtlError("invalid-input", "A run belongs to one conversation: name the run alone");
      return this.#targetOfRun(runId);
    }
    if (agent !== undefined) expectAgent(this.#parts.policy, agent);
    if (conversation === undefined) return agent === undefined ? { scope: "global" } : { scope: "agent", agent };
    if (agent === undefined)
      throw new ZtlError("invalid-input", "Agents have conversations of the same name: name the agent, too");
    expectText(conversation, 256, "A conversation has a name of 1 to 256 characters");
    return { scope: "conversation", agent, conversation };
  }

  #targetOfRun(runId: string): BreakerTarget {
    const call = firstOf(this.#parts.ledger.query({ runId, kind: "call", limit: 1 }), "call");
    const conversation = detail(call, "conversation");
    if (call?.agent !== undefined && conversation !== undefined)
      return { scope: "run", agent: call.agent, conversation, runId };
    throw new ZtlError("run-not-found", "The ledger has no run of this id", {
      remedy: "ztl runs lists them; name its agent and conversation to stop what it has not recorded yet.",
    });
  }
}

function expectAgent(policy: Policy, agent: string): void {
  if (policy.hasAgent(agent) || Object.hasOwn(policy.config.agents, agent)) return;
  throw new ZtlError("unknown-agent", `No agent ${JSON.stringify(agent.slice(0, 256))} is configured`, {
    remedy: "ztl policy check lists them; without an agent all are stopped.",
  });
}

function expectText(text: string, most: number, otherwise: string): void {
  if (text.trim() === "" || text.length > most || !text.isWellFormed()) throw new ZtlError("invalid-input", otherwise);
}
