import { ZtlError } from "../errors.ts";
import type { Ledger } from "../ledger/index.ts";
import type { AdmittedText } from "../memory/index.ts";
import type { Policy } from "../policy/index.ts";
import { type Assembly, assemble, type LoopOptions } from "./assemble.ts";
import type { CallResult } from "./calls/call-result.ts";
import { callTool } from "./calls/calls.ts";
import { type PermitResult, permitTool, receiveResult, recordSaid, sendMessage } from "./calls/external.ts";
import type { LoopListener } from "./events.ts";
import type { LoopMemory } from "./gate/loop-memory.ts";
import { WAIT_POLL_MS } from "./limits.ts";
import { Records } from "./records/records.ts";
import type { CallRequest, ReceiveRequest, SaidRequest, SendRequest } from "./requests.ts";
import { collectReleased } from "./reviews/release.ts";
import type { ReviewSummary } from "./reviews/review.ts";
import { Reviews } from "./reviews/reviews.ts";

/**
 * Everything between an agent's tool call and its answer: policy, micro-VM, guard, memory gate, change set, ledger.
 *
 *     const loop = await ZeroTrustLoop.open({ config: "ztl.config.json" });
 *     const result = await loop.call({ agent: "researcher", tool: "read_page", input: { file: "page.html" } });
 *     if (result.status === "admitted") loop.memory.conversation("researcher").add(result.forModel, { role: "tool" });
 *
 * Several processes may have the same state open: an agent, the page, a command. What an agent may hold of a loop is
 * `call`, `send` and `memory`; `reviews` is for people.
 */
export class ZeroTrustLoop implements AsyncDisposable {
  readonly stateDirectory: string;
  readonly memory: LoopMemory;
  readonly reviews: Reviews;
  readonly records: Records;
  readonly #assembly: Assembly;
  #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(assembly: Assembly) {
    const { parts, memory, stateDirectory } = assembly;
    this.#assembly = assembly;
    this.stateDirectory = stateDirectory;
    this.memory = memory;
    this.reviews = new Reviews(parts);
    this.records = new Records(parts);
  }

  /**
   * Opens the loop of a configuration. No micro-VM is started before the first call.
   * Throws ZtlError `config-…`, `state-…`, `ledger-…`, `workspace-…` or `key-…`.
   */
  static async open(options: LoopOptions = {}): Promise<ZeroTrustLoop> {
    const assembly = await assemble(options);
    const loop = new ZeroTrustLoop(assembly);
    await loop.reviews.recordRecovered();
    return loop;
  }

  get ledger(): Ledger {
    return this.#assembly.parts.ledger;
  }

  get policy(): Policy {
    return this.#assembly.parts.policy;
  }

  /**
   * Makes a tool call for an agent. Resolves when everything about it is durable in the ledger. Rejects with ZtlError
   * `invalid-input`, `external-tool`, `closed`, or what keeps the ledger from recording it: then nothing is given out.
   */
  call(request: CallRequest): Promise<CallResult> {
    return this.#while(callTool(this.#parts(), request));
  }

  /** Asks whether an agent may use a tool that runs elsewhere. */
  permit(request: CallRequest): Promise<PermitResult> {
    return this.#while(permitTool(this.#parts(), request));
  }

  /** Passes what a tool that runs elsewhere returned through the guard. */
  receive(request: ReceiveRequest): Promise<CallResult> {
    return this.#while(receiveResult(this.#parts(), request));
  }

  /** Passes a message of one agent to another through policy and guard; the result is the receiver's. */
  send(request: SendRequest): Promise<CallResult> {
    return this.#while(sendMessage(this.#parts(), request));
  }

  /** Records what a model said and plans, for the semantic differential. */
  said(request: SaidRequest): Promise<void> {
    return this.#while(recordSaid(this.#parts(), request));
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

  /** A content that a person released, for its agent; undefined as long as nobody did. */
  collect(reviewId: string): Promise<AdmittedText | undefined> {
    return this.#while(collectReleased(this.#parts(), reviewId));
  }

  /** Returns what ends the listening. */
  onEvent(listener: LoopListener): () => void {
    return this.#assembly.listeners.add(listener);
  }

  /** Lets running calls end, then closes everything. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      await Promise.allSettled([...this.#running]);
      await this.#assembly.close();
    })();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #parts(): Assembly["parts"] {
    if (this.#closed !== undefined) throw new ZtlError("closed", "The loop is closed");
    return this.#assembly.parts;
  }

  async #while<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }
}
