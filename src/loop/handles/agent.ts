import { randomUUID } from "node:crypto";
import { ZtlError } from "../../errors.ts";
import type { LoopMemory } from "../gate/loop-memory.ts";
import type { LoopParts } from "../parts.ts";
import { type ConversationOptions, parseRequest } from "../requests.ts";
import { Narrowing, type Rights } from "./caller.ts";
import { Conversation } from "./conversation.ts";
import { describeTools, type ToolDescription } from "./tool-description.ts";
import { stepBelow, traceparentOf } from "./trace.ts";

/** What handles work on; throws ZtlError `closed` once the loop is. */
export interface HandleContext {
  readonly parts: () => LoopParts;
  readonly memory: LoopMemory;
  /** Lets the loop wait for the work before it closes. */
  readonly during: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * An agent as the host program sees it. Whoever holds the handle of a conversation acts for its agent and for nobody else; handles
 * are made here and by the loop alone.
 */
export class Agent {
  readonly name: string;
  readonly #context: HandleContext;
  readonly #narrowing: Narrowing;

  /** Use `loop.agent`. */
  constructor(context: HandleContext, name: string, narrowing: Narrowing) {
    this.name = name;
    this.#context = context;
    this.#narrowing = narrowing;
  }

  /**
   * A conversation of this agent: what it takes in, changes and is permitted belongs together. With the same `id` it is the same
   * one, also after a restart. Throws ZtlError `invalid-input`.
   */
  conversation(options: ConversationOptions = {}): Conversation {
    const { id = randomUUID(), workspace, job, traceparent } = parseRequest("conversation", options);
    const step = traceparent ?? traceparentOf(stepBelow(undefined));
    const caller = {
      agent: this.name,
      conversation: id,
      workspace,
      job,
      traceparent: step,
      narrowing: this.#narrowing,
    };
    return new Conversation(this.#context, caller);
  }

  /**
   * An agent made for one task, by a name that the configuration has, such as `worker-7` for `worker-*`: with its own role, less what
   * `rights` and this agent's own rights leave out. What it spends counts for this agent's budget, too. Throws ZtlError `unknown-agent`.
   */
  sub(name: string, rights: Rights = {}): Agent {
    return makeAgent(this.#context, name, rights, this.#narrowing);
  }

  /** The tools that this agent may use, as a model is told of them. */
  tools(): readonly ToolDescription[] {
    const { policy } = this.#context.parts();
    return describeTools(policy, { agent: this.name, narrowing: this.#narrowing });
  }
}

/** Throws ZtlError `unknown-agent`. */
export function makeAgent(context: HandleContext, name: string, rights: Rights, above?: Narrowing): Agent {
  const { policy, now } = context.parts();
  if (typeof name !== "string" || !policy.hasAgent(name)) {
    throw new ZtlError("unknown-agent", `No agent ${JSON.stringify(String(name).slice(0, 256))} is configured`, {
      remedy: "Name it under agents in the configuration, by itself or as prefix*.",
    });
  }
  return new Agent(context, name, Narrowing.of(rights, above, now));
}
