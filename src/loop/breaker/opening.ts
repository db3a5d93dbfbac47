import { z } from "zod";
import { canonicalise } from "../../base/canonical-json.ts";
import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { parseStored, type StoredFormat } from "../../base/stored-json.ts";
import type { TroubleKind } from "../../policy/index.ts";
import { OPENING_JSON } from "../limits.ts";
import type { BreakerTarget } from "./target.ts";

/** What opened a breaker. */
export type BreakerSource = "person" | TroubleKind;

/** Why and by whom a breaker was opened: what a person sees who closes it. */
export interface Opening {
  readonly id: string;
  readonly target: BreakerTarget;
  readonly source: BreakerSource;
  /** A sentence: ours without a word of the content that it is about, or what the person said. The agent is told. */
  readonly reason: string;
  /** The person who did. */
  readonly openedBy?: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  /** The run in which it happened. */
  readonly causedBy?: string;
  readonly coolDownMs?: number;
  /** For people: may hold texts of others. */
  readonly evidence?: Json;
}

/** `open`: nothing of its target is done. `half-open`: one call is, and what becomes of it decides. */
export type BreakerState = "open" | "half-open";

/** A breaker that is not closed. */
export interface OpenBreaker extends Opening {
  readonly state: BreakerState;
  /** SHA-256 in hexadecimal of the opening: what a closing is signed for. */
  readonly hash: string;
  /** From when on one call is let through; absent where only a person closes it. */
  readonly probeAt?: number;
  /** The run of the call that was let through. */
  readonly probe?: string;
}

export function hashOfOpening({ id, target, ...rest }: Opening): string {
  return sha256Hex(`ztl-breaker-v1\n${canonicalise(defined({ id, target: { ...target }, ...rest }), OPENING_JSON)}`);
}

const text = z.string();
const shape = z.strictObject({
  id: text,
  target: z.discriminatedUnion("scope", [
    z.strictObject({ scope: z.literal("run"), agent: text, conversation: text, runId: text }),
    z.strictObject({ scope: z.literal("conversation"), agent: text, conversation: text }),
    z.strictObject({ scope: z.literal("agent"), agent: text }),
    z.strictObject({ scope: z.literal("global") }),
  ]),
  source: z.enum(["person", "finding", "violation", "leak", "quota", "monitor"]),
  reason: text,
  openedBy: text.optional(),
  openedAt: z.number(),
  causedBy: text.optional(),
  coolDownMs: z.number().positive().optional(),
  evidence: z.unknown().optional(),
});

const FORMAT: StoredFormat = {
  what: "An open breaker",
  limits: OPENING_JSON,
  shape,
  code: "breaker-damaged",
  remedy: "Someone changed the loop's database. Nothing that it may stop is run; the ledger tells how it was opened.",
};

/** Throws ZtlError `breaker-damaged`: what cannot be read is open. */
export function parseOpening(json: string): Opening {
  return parseStored(json, FORMAT);
}
