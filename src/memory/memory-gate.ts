import { randomBytes } from "node:crypto";
import type { AdmissionVerifier } from "../guard/index.ts";
import type { Rescan } from "./admitted-text.ts";
import { type ConversationChecks, ConversationMemory } from "./conversation.ts";
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
  readonly vectors: VectorGate;
  readonly #checks: ConversationChecks;

  constructor({ verifier, rescan, onRefusal = () => {}, sealKey = randomBytes(32) }: MemoryGateOptions) {
    this.#checks = { verifier, rescan, onRefusal, sealKey: Uint8Array.from(sealKey) };
    this.vectors = new VectorGate({ verifier, rescan, onRefusal });
  }

  /** A new, empty memory of this agent. */
  conversation(agent: string): ConversationMemory {
    return new ConversationMemory(agent, this.#checks);
  }

  /**
   * A memory from what `toJSON` gave. Every admission is checked again, against today's rules too; entries without one
   * (system, user, assistant) need the seal to be whole. What does not pass is left out and reported; the rest is kept.
   * Throws ZtlError `snapshot-malformed` for what is not a snapshot.
   */
  restore(agent: string, snapshot: unknown): ConversationMemory {
    return ConversationMemory.restore(agent, snapshot, this.#checks);
  }
}
