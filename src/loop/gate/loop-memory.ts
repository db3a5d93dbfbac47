import type { Admission, AdmissionVerifier, Admitter } from "../../guard/index.ts";
import {
  ADMISSION_KEY,
  type AdmitDocumentResult,
  admitDocument,
  type ConversationMemory,
  MemoryGate,
  type MemoryRefusal,
  type VectorGate,
} from "../../memory/index.ts";
import type { LoopParts } from "../parts.ts";
import { admissionBody, verdictBody } from "../recording/drafts.ts";
import { Recorder } from "../recording/recorder.ts";
import type { Scope } from "./examiner.ts";

export interface LoopMemoryOptions {
  readonly verifier: AdmissionVerifier;
  readonly admitter: Admitter;
  readonly parts: LoopParts;
  readonly sealKey: Uint8Array;
  readonly onRefusal: (refusal: MemoryRefusal) => void;
}

/** `loop.memory`: where admitted content is kept, and the gates in front of it. */
export class LoopMemory {
  readonly #gate: MemoryGate;
  readonly #options: LoopMemoryOptions;

  constructor(options: LoopMemoryOptions) {
    const { verifier, sealKey, onRefusal } = options;
    const { examiner } = options.parts;
    this.#options = options;
    this.#gate = new MemoryGate({ verifier, rescan: (text) => examiner.scan(text), sealKey, onRefusal });
  }

  /** For wrapping a vector store; see `GuardedVectorStore` in `zero-trust-loop/langchain`. */
  get vectors(): VectorGate {
    return this.#gate.vectors;
  }

  /** A new, empty memory of this agent. */
  conversation(agent: string): ConversationMemory {
    return this.#gate.conversation(agent);
  }

  /** A memory from what its `toJSON` gave; what does not pass today's checks is left out. */
  restore(agent: string, snapshot: unknown): ConversationMemory {
    return this.#gate.restore(agent, snapshot);
  }

  /**
   * Scans a document, its metadata included, and gives a copy with its admission: what a vector store takes. For each chunk
   * of an admitted output, with that output's `runId`; a document that the guard does not admit is refused. Resolves when
   * that is recorded.
   */
  async admitDocument(document: unknown, scope: Scope): Promise<AdmitDocumentResult> {
    const { admitter, parts } = this.#options;
    const result = admitDocument(admitter, (text) => parts.examiner.scan(text), document, scope);
    const recorder = new Recorder(parts.ledger, scope, parts.told);
    if (result.status === "admitted") {
      const admission = result.document.metadata[ADMISSION_KEY] as unknown as Admission;
      recorder.record({ kind: "admission", body: admissionBody(admission, "vector-store") });
    } else if (result.reason === "not-admitted") {
      recorder.record({ kind: "verdict", body: verdictBody("document", result.verdict) });
    }
    await recorder.settle();
    return result;
  }
}
