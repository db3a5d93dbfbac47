import type { Admission, AdmissionClaims, AdmissionVerifier, Admitter } from "../../guard/index.ts";
import {
  ADMISSION_KEY,
  type AdmitDocumentResult,
  admitDocument,
  type ConversationMemory,
  type MemoryContext,
  MemoryGate,
  type MemoryRefusal,
  type VectorGate,
} from "../../memory/index.ts";
import type { Label } from "../../policy/index.ts";
import type { Caller } from "../handles/caller.ts";
import { admissionBody, verdictBody } from "../history/drafts.ts";
import { Recorder } from "../history/recorder.ts";
import { recordTold } from "../origins/told.ts";
import type { LoopParts } from "../parts.ts";
import { takeIn } from "../state/taking-in.ts";

export interface LoopMemoryOptions {
  readonly verifier: AdmissionVerifier;
  readonly admitter: Admitter;
  readonly parts: LoopParts;
  readonly sealKey: Uint8Array;
  readonly onRefusal: (refusal: MemoryRefusal) => void;
}

type Whose = Pick<Caller, "agent" | "conversation">;

/** Where admitted content is kept, and the gates in front of it. Whatever comes in brings its labels to the conversation. */
export class LoopMemory {
  readonly #gate: MemoryGate;
  readonly #options: LoopMemoryOptions;

  constructor(options: LoopMemoryOptions) {
    const { verifier, sealKey, onRefusal } = options;
    const { examiner } = options.parts;
    this.#options = options;
    const rescan = (text: string, runId?: string) =>
      runId === undefined ? examiner.scan(text) : examiner.scanFramed(text, { runId });
    this.#gate = new MemoryGate({ verifier, rescan, sealKey, onRefusal });
  }

  /** For wrapping a vector store. */
  vectors(whose: Whose): VectorGate {
    return this.#gate.vectors(whose.agent, { takenIn: (claims) => this.#takeIn(whose, claims, "retrieval") });
  }

  /** A new, empty memory. */
  conversation(whose: Whose): ConversationMemory {
    return this.#gate.conversation(whose.agent, this.#context(whose, "memory"));
  }

  /** A memory from what its `toJSON` gave; what does not pass today's checks is left out. */
  restore(whose: Whose, snapshot: unknown): ConversationMemory {
    return this.#gate.restore(whose.agent, snapshot, this.#context(whose, "restore"));
  }

  /**
   * Scans a document, its metadata included, and gives a copy with its admission: what a vector store takes. For each chunk
   * of an admitted output, with that output's `runId`; a document that the guard does not admit is refused. It is labelled with all
   * that its author's conversation has taken in: any of it may be in it. Resolves when that is recorded.
   */
  async admitDocument({ agent, conversation }: Whose, document: unknown, runId: string): Promise<AdmitDocumentResult> {
    const { admitter, parts } = this.#options;
    const { labels } = parts.conversations.taintOf(agent, conversation);
    const rescan = (text: string) => parts.examiner.scanFramed(text, { runId });
    const result = admitDocument(admitter, rescan, document, { runId, agent, labels });
    const recorder = new Recorder(parts.ledger, { runId, agent }, parts.told);
    if (result.status === "admitted") {
      const admission = result.document.metadata[ADMISSION_KEY] as unknown as Admission;
      recorder.record({ kind: "admission", body: admissionBody(admission, "vector-store") });
    } else if (result.reason === "not-admitted") {
      recorder.record({ kind: "verdict", body: verdictBody("document", result.verdict) });
    }
    await recorder.settle();
    return result;
  }

  #context(whose: Whose, way: string): MemoryContext {
    const { parts } = this.#options;
    return {
      takenIn: (claims) => this.#takeIn(whose, claims, way),
      told: (role, text) => recordTold(parts, whose, role, text),
      labels: () => parts.conversations.taintOf(whose.agent, whose.conversation).labels,
      labelled: (labels) => void takeIn(parts, { ...whose, labels: labels as readonly Label[], way, runIds: [] }),
    };
  }

  #takeIn({ agent, conversation }: Whose, claims: readonly AdmissionClaims[], way: string): void {
    const labels = claims.flatMap((one) => one.labels) as readonly Label[];
    if (labels.length === 0) return;
    takeIn(this.#options.parts, { agent, conversation, labels, way, runIds: claims.map(({ runId }) => runId) });
  }
}
