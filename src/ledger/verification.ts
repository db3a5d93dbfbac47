import type { KeyObject } from "node:crypto";
import type { DecisionCount, UnprovenDecision } from "./decisions/decision-check.ts";
import type { SignedHead } from "./record/head.ts";

export interface VerifyOptions {
  readonly publicKey: KeyObject;
  /** The line of a head that was kept somewhere else: this ledger must contain what it stood for. */
  readonly anchor?: string;
  /** Lines that were kept elsewhere by themselves, with where. */
  readonly anchors?: readonly { readonly name: string; readonly line: string }[];
  /** Whether blobs are read and hashed too. Default true. */
  readonly blobs?: boolean;
}

export type Verification =
  | {
      readonly ok: true;
      readonly entries: number;
      readonly heads: number;
      /** Blobs read; one that is named again after 100,000 others is read again. */
      readonly blobs: number;
      readonly decisions: DecisionCount;
      readonly head: SignedHead | undefined;
    }
  | {
      readonly ok: false;
      readonly problem: Problem;
      /** Of a ledger that is whole otherwise: decisions that were not made by whom they name. */
      readonly unproven?: readonly UnprovenDecision[];
    };

/** The first thing that is wrong. */
export interface Problem {
  readonly code: ProblemCode;
  /** The first entry that cannot be relied on; undefined when the ledger as a whole is concerned. */
  readonly index: number | undefined;
  readonly message: string;
}

export type ProblemCode =
  | "entry-changed"
  | "entry-removed"
  | "entry-misplaced"
  | "entry-erased"
  | "entries-truncated"
  | "ledger-rolled-back"
  | "entries-unsigned"
  | "chain-broken"
  | "head-wrong"
  | "root-mismatch"
  | "anchor-wrong"
  | "note-wrong"
  | "blob-missing"
  | "blob-damaged"
  | "decision-unproven"
  | "store-damaged";
