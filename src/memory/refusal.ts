import type { AdmissionRefusal } from "../guard/index.ts";

export type RefusalReason =
  | AdmissionRefusal
  | "no-admission"
  /** Scanned under today's rules, it is not admitted (or, for a model's own words, blocked). */
  | "not-admitted"
  /** Part of a snapshot that is not what this gate sealed. */
  | "unsealed"
  | "memory-full";

/** What a gate turned away. Holds nothing of the content, so it may be logged and told to a model. */
export interface MemoryRefusal {
  readonly place: "conversation" | "snapshot" | "vector-entry" | "vector-retrieval" | "assembly";
  readonly reason: RefusalReason;
  readonly agent: string;
  /** SHA-256 (hex) of what would have been admitted; absent when it could not even be read. */
  readonly contentSha256?: string;
  /** Position in the batch, the snapshot or the results. */
  readonly index?: number;
}
