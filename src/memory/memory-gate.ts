import { randomBytes } from "node:crypto";
import { defined } from "../base/optional.ts";
import type { AdmissionVerifier } from "../guard/index.ts";
import type { Rescan } from "./admitted-text.ts";
import { type ConversationChecks, ConversationMemory, type MemoryContext } from "./conversation.ts";
import type { MemoryRefusal } from "./refusal.ts";
import { VectorGate } from "./vector-gate.ts";

export interface MemoryGateOptions {
  readonly verifier: AdmissionVerifier;
  readonly rescan: Rescan;
  /** Told of everything that is turned away. What it throws reaches the caller; nothing was let in or out by then. */
  readonly onRefusal?: (refusal: MemoryRefusal) => void;
  /** Seals snapshots of conversations. A fresh one when absent: then only this gate can restore what it sealed. */
  readonly sealKey?: Uint8Array;
}

/** The one way into memory, for all agents of a loop. It can check admissions; it cannot give any. */
export class MemoryGate {
  readonly #checks: ConversationChecks;

  constructor({ verifier, rescan, onRefusal = () => {}, sealKey = randomBytes(32) }: MemoryGateOptions) {
    this.#checks = { verifier, rescan, onRefusal, sealKey: Uint8Array.from(sealKey) };
  }

  /** A new, empty memory of this agent; `context` is told what comes into it. */
  conversation(agent: string, context: MemoryContext = {}): ConversationMemory {
    return new ConversationMemory(agent, this.#checks, context);
  }

  /** The gate of a vector store for this agent. */
  vectors(agent: string, { takenIn }: Pick<MemoryContext, "takenIn"> = {}): VectorGate {
    const { verifier, rescan, onRefusal } = this.#checks;
    return new VectorGate({ verifier, rescan, onRefusal, agent, ...defined({ takenIn }) });
  }

  /**
   * A memory from what `toJSON` gave. Every admission is checked again, against today's rules too; entries without one
   * (system, user, assistant) need the seal to be whole. What does not pass is left out and reported; the rest is kept.
   * Throws ZtlError `snapshot-malformed` for what is not a snapshot.
   */
  restore(agent: string, snapshot: unknown, context: MemoryContext = {}): ConversationMemory {
    return ConversationMemory.restore(agent, snapshot, this.#checks, context);
  }
}
