import { ZtlError } from "../../errors.ts";
import type { AdmitDocumentResult, AdmittedText, ConversationMemory, VectorGate } from "../../memory/index.ts";
import type { Decision } from "../../policy/index.ts";
import type { CallResult } from "../call/call-result.ts";
import { callTool } from "../call/calls.ts";
import {
  type PermitResult,
  permitTool,
  type RunElsewhere,
  receiveResult,
  sendMessage,
  useTool,
} from "../call/external.ts";
import { takeOwnWords } from "../call/own-words.ts";
import { considerCall } from "../call/permission.ts";
import {
  type CallRequest,
  type DecideRequest,
  type PermitRequest,
  parseRequest,
  type ReceiveRequest,
  type SaidRequest,
} from "../requests.ts";
import { collectReleased } from "../reviews/release.ts";
import type { HandleContext } from "./agent.ts";
import type { Caller } from "./caller.ts";
import { describeTools, type ToolDescription } from "./tool-description.ts";

/** Where a message can be sent to, and nothing else. */
export interface Address {
  readonly agent: string;
  readonly conversation: string;
}

/** Addresses that were made here, with whom they stand for: one that somebody else puts together leads nowhere. */
const ADDRESSED = new WeakMap<object, Caller>();

/** A message to a conversation, given by its handle or by its address. */
export interface SendRequest {
  readonly to: Conversation | Address;
  readonly text: string;
  readonly traceparent?: string;
}

/**
 * One agent's work on one task: a handle that carries who acts. Taint, changed files and permits belong to it. All methods throw
 * ZtlError `closed` once the loop is, and `invalid-input` for what is no request.
 */
export class Conversation {
  readonly agent: string;
  readonly id: string;
  /** For other agents, to send messages to. */
  readonly address: Address;
  readonly #context: HandleContext;
  readonly #caller: Caller;
  #memory: ConversationMemory | undefined;

  /** Use `agent.conversation`. */
  constructor(context: HandleContext, caller: Caller) {
    this.agent = caller.agent;
    this.id = caller.conversation;
    this.address = Object.freeze({ agent: this.agent, conversation: this.id });
    this.#context = context;
    this.#caller = caller;
    ADDRESSED.set(this.address, caller);
    ADDRESSED.set(this, caller);
  }

  /** What would be decided about a call now. Asks nobody, and changes and records nothing. */
  decide(request: DecideRequest): Decision {
    const { tool } = parseRequest("decide", request);
    return considerCall(this.#context.parts(), { caller: this.#caller, tool });
  }

  /**
   * Makes a tool call in a micro-VM. Resolves when everything about it is durable in the ledger. Rejects with ZtlError
   * `external-tool`, `call-id-reused`, or what keeps the ledger from recording it: then nothing is given out.
   */
  call(request: CallRequest): Promise<CallResult> {
    return this.#do(() => callTool(this.#context.parts(), this.#caller, request));
  }

  /**
   * Makes a call wherever its tool runs: in a micro-VM, or elsewhere by `run`, which is called once that is permitted. With a `callId`
   * it is run once, however often this is called.
   */
  use(request: CallRequest, run: RunElsewhere): Promise<CallResult> {
    const isElsewhere = this.#context.parts().policy.tool(String(request.tool))?.external === true;
    return isElsewhere
      ? this.#do(() => useTool(this.#context.parts(), this.#caller, request, run))
      : this.call(request);
  }

  /** Asks whether a tool may be used that runs elsewhere; its result is for `receive`, under the permit's `callId`. */
  permit(request: PermitRequest): Promise<PermitResult> {
    return this.#do(() => permitTool(this.#context.parts(), this.#caller, request));
  }

  /** Passes what a permitted tool returned through the guard. Without a permit it is refused. */
  receive(request: ReceiveRequest): Promise<CallResult> {
    return this.#do(() => receiveResult(this.#context.parts(), this.#caller, request));
  }

  /** Passes a message to another agent's conversation through policy and guard; the result is the receiver's. */
  send({ to, ...request }: SendRequest): Promise<CallResult> {
    return this.#do(() => {
      const { text, traceparent } = parseRequest("send", { to: null, ...request });
      const receiver = ADDRESSED.get(to);
      if (receiver === undefined)
        throw new ZtlError("invalid-input", "A message goes to a conversation or its address");
      return sendMessage(this.#context.parts(), { from: this.#caller, to: receiver, text, traceparent });
    });
  }

  /**
   * Records what a model said and plans, and gives its words as `memory.add(…, { role: "assistant" })` takes them: with the labels of
   * all that the model has seen, as any of it may be in them. Undefined when the guard blocks them.
   */
  said(request: SaidRequest): Promise<AdmittedText | undefined> {
    return this.#do(() => takeOwnWords(this.#context.parts(), this.#caller, request));
  }

  /** A content that a person released to this conversation; undefined as long as nobody did. */
  collect(reviewId: string): Promise<AdmittedText | undefined> {
    return this.#do(() => collectReleased(this.#context.parts(), this.#caller, reviewId));
  }

  /** What a model of this conversation has before it. */
  get memory(): ConversationMemory {
    this.#memory ??= this.#context.memory.conversation(this.#caller);
    return this.#memory;
  }

  /**
   * Puts back what `memory.toJSON` gave, in place of what is there now; what does not pass today's checks is left out and reported.
   * Throws ZtlError `snapshot-malformed`.
   */
  restore(snapshot: unknown): ConversationMemory {
    this.#memory = this.#context.memory.restore(this.#caller, snapshot);
    return this.#memory;
  }

  /** For wrapping a vector store: what is found in it is taken in by this conversation. See `GuardedStore`. */
  get vectors(): VectorGate {
    this.#context.parts();
    return this.#context.memory.vectors(this.#caller);
  }

  /**
   * Scans a document, its metadata included, and gives a copy with its admission: what a guarded vector store takes. For each chunk of
   * an admitted output, with that output's `runId`. Resolves when that is recorded.
   */
  admitDocument(document: unknown, { runId }: { readonly runId: string }): Promise<AdmitDocumentResult> {
    return this.#do(() => this.#context.memory.admitDocument(this.#caller, document, runId));
  }

  /** The tools that may be used here, as a model is told of them. */
  tools(): readonly ToolDescription[] {
    const { policy } = this.#context.parts();
    return describeTools(policy, this.#caller);
  }

  /** Labels of what this conversation has taken in, such as `untrusted:read_page`. */
  taint(): readonly string[] {
    return this.#context.parts().conversations.taintOf(this.agent, this.id).names();
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    this.#context.parts();
    return this.#context.during(async () => work());
  }
}
