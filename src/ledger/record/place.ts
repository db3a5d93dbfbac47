import { sha256 } from "../../base/sha256.ts";
import { type Hash, leafHash } from "../merkle/tree.ts";
import type { EntryKind } from "./bodies.ts";
import { hex } from "./hex.ts";

/** A draft as text: all that its place in the chain needs. It crosses to the thread that writes. */
export interface DraftText {
  readonly kind: EntryKind;
  readonly runId: string | undefined;
  readonly agent: string | undefined;
  readonly time: string;
  /** Canonical JSON. */
  readonly bodyText: string;
}

/** Where an entry came to stand; hashes in hexadecimal. */
export interface Place {
  readonly index: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** Hash that stands before the first entry: entries of one ledger do not fit another one's chain. */
export function genesisHash(ledgerId: string): Hash {
  return sha256(Buffer.from(`ztl-ledger-genesis-v1\n${ledgerId}`));
}

/** The entry's canonical bytes at a place of the chain, and their hash. */
export function placeDraft(draft: DraftText, index: number, previous: Hash): { bytes: Uint8Array; hash: Hash } {
  const { kind, runId, agent, time, bodyText } = draft;
  // The members in canonical order around the body, which is canonical already: it need not be walked again.
  const members = [
    ...(agent === undefined ? [] : [`"agent":${JSON.stringify(agent)}`]),
    `"body":${bodyText}`,
    `"index":${index}`,
    `"kind":${JSON.stringify(kind)}`,
    `"previousHash":"${hex(previous)}"`,
    ...(runId === undefined ? [] : [`"runId":${JSON.stringify(runId)}`]),
    `"time":"${time}"`,
  ];
  const bytes = Buffer.from(`{${members.join(",")}}`);
  return { bytes, hash: leafHash(bytes) };
}
