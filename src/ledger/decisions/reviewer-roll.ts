import type { KeyObject } from "node:crypto";
import type { Entry } from "../record/entry.ts";
import { parsePublicKey } from "../record/head.ts";

/** Someone whose decisions count, as the ledger has it. */
export interface ReviewerRecord {
  readonly name: string;
  /** As `formatPublicKey` writes it. */
  readonly publicKey: string;
  readonly roles: readonly string[];
  /** `configuration`: it is there as long as the configuration names it. */
  readonly origin: ReviewerOrigin;
  /** RFC 3339, UTC, milliseconds. */
  readonly addedAt: string;
  readonly revokedAt?: string;
}

export type ReviewerOrigin = "token" | "key" | "configuration";

/**
 * Who may decide, entry by entry: the ledger is where reviewers are kept, so that nobody can be put among them, or taken away, without
 * a trace. Names are compared as written; who adds one sees to it that no two look alike.
 */
export class ReviewerRoll {
  readonly #all: { record: ReviewerRecord; readonly key: KeyObject | undefined }[] = [];

  /** Entries in their order; those of other kinds say nothing here. */
  take(entry: Entry): void {
    if (entry.kind !== "reviewer") return;
    const { change, name, publicKey, roles = [], origin = "key" } = entry.body;
    const known = this.#find(name, publicKey);
    if (change === "revoked") {
      if (known !== undefined) known.record = { ...known.record, revokedAt: entry.time };
      return;
    }
    // One name, one key: whoever wrote a second one without taking the first away has not replaced it.
    if (this.active(name) !== undefined) return;
    this.#all.push({ record: { name, publicKey, roles, origin, addedAt: entry.time }, key: keyOf(publicKey) });
  }

  /** All there ever were, in the order in which they were added. */
  get records(): readonly ReviewerRecord[] {
    return this.#all.map(({ record }) => record);
  }

  /** Nobody ever was one. Where all were revoked, nobody decides until there is one again: taking them away must open nothing. */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  active(name: string): ReviewerRecord | undefined {
    return this.#all.find(({ record }) => record.name === name && record.revokedAt === undefined)?.record;
  }

  /** The key of a reviewer who is one now; undefined for everybody else. */
  keyOf(name: string, publicKey: string): KeyObject | undefined {
    return this.#find(name, publicKey)?.key;
  }

  #find(name: string, publicKey: string) {
    return this.#all.find(
      ({ record }) => record.name === name && record.publicKey === publicKey && record.revokedAt === undefined,
    );
  }
}

function keyOf(publicKey: string): KeyObject | undefined {
  try {
    return parsePublicKey(publicKey);
  } catch {
    return undefined;
  }
}
