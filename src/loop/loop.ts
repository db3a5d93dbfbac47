import { ZtlError } from "../errors.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Policy } from "../policy/index.ts";
import { type Assembly, assemble, type LoopOptions } from "./assemble.ts";
import { Breakers } from "./breaker/breakers.ts";
import type { LoopListener } from "./events.ts";
import { type Agent, type HandleContext, makeAgent } from "./handles/agent.ts";
import type { Rights } from "./handles/caller.ts";
import { Records } from "./history/records.ts";
import { Lifetime } from "./lifetime.ts";
import { WAIT_POLL_MS } from "./limits.ts";
import type { Reviewers } from "./reviewers/reviewers.ts";
import type { ReviewSummary } from "./reviews/review.ts";
import { Reviews } from "./reviews/reviews.ts";

/**
 * Everything between an agent's tool call and its answer: policy, micro-VM, guard, memory gate, change set, ledger.
 *
 *     const loop = await ZeroTrustLoop.open({ config: "ztl.config.json" });
 *     const conversation = loop.agent("researcher").conversation();
 *     const result = await conversation.call({ tool: "read_page", input: { file: "page.html" } });
 *     conversation.memory.add(result.forModel, { role: "tool" });
 *
 * Several processes may have the same state open: an agent, the page, a command. What an agent may hold of a loop is the handle of
 * its conversation; the loop itself is the host program's, and `reviews` is for people.
 */
export class ZeroTrustLoop implements AsyncDisposable {
  readonly stateDirectory: string;
  readonly reviews: Reviews;
  /** Who may decide reviews; for people, like them. */
  readonly reviewers: Reviewers;
  /** What stops agents at once, and what lets them go on; for people, like them. */
  readonly breakers: Breakers;
  readonly records: Records;
  readonly #assembly: Assembly;
  readonly #context: HandleContext;
  readonly #lifetime = new Lifetime();
  #closed: Promise<void> | undefined;

  private constructor(assembly: Assembly) {
    const { parts, memory, stateDirectory } = assembly;
    this.#assembly = assembly;
    this.stateDirectory = stateDirectory;
    this.#context = { parts: () => this.#parts(), memory, during: (work) => this.#lifetime.during(work()) };
    this.reviews = this.#lifetime.of(new Reviews(parts));
    this.reviewers = this.#lifetime.of(parts.reviewers);
    this.breakers = this.#lifetime.of(new Breakers(parts));
    this.records = this.#lifetime.of(new Records(parts));
  }

  /**
   * Opens the loop of a configuration. No micro-VM is started before the first call.
   * Throws ZtlError `config-…`, `state-…`, `ledger-…`, `workspace-…` or `key-…`.
   */
  static async open(options: LoopOptions = {}): Promise<ZeroTrustLoop> {
    const assembly = await assemble(options);
    const loop = new ZeroTrustLoop(assembly);
    await loop.reviews.recordRecovered();
    await loop.reviewers.takeConfigured();
    return loop;
  }

  /** Mounts of tools that were not there when this was opened with `missingMounts: "tell"`. */
  get mountProblems(): Assembly["mountProblems"] {
    return this.#assembly.mountProblems;
  }

  get ledger(): Ledger {
    return this.#assembly.parts.ledger;
  }

  get policy(): Policy {
    return this.#assembly.parts.policy;
  }

  /**
   * The handle of an agent; `rights` narrow what its role grants. Throws ZtlError `unknown-agent`, or `closed`.
   */
  agent(name: string, rights: Rights = {}): Agent {
    const agent = makeAgent(this.#context, name, rights);
    this.#assembly.parts.authority.runsAgents = true;
    return agent;
  }

  /** Resolves once a review is decided, here or in another process. Rejects when the signal is aborted, or with `review-not-found`. */
  async wait(
    reviewId: string,
    { signal, pollMs = WAIT_POLL_MS }: { readonly signal?: AbortSignal; readonly pollMs?: number } = {},
  ): Promise<ReviewSummary> {
    for (;;) {
      this.#parts();
      signal?.throwIfAborted();
      const review = this.reviews.find(reviewId);
      if (review === undefined) throw new ZtlError("review-not-found", "There is no review of this id");
      if (review.state !== "pending") return review;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** Returns what ends the listening. */
  onEvent(listener: LoopListener): () => void {
    return this.#assembly.listeners.add(listener);
  }

  /** Lets running calls and decisions end, then closes everything. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#lifetime.end();
      await this.#assembly.close();
    })();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #parts(): Assembly["parts"] {
    this.#lifetime.expectOpen();
    return this.#assembly.parts;
  }
}
