import type { Stage } from "./stage.ts";

/** What an attack may need of the host; where it is missing the attack is skipped, loudly. */
export type Need = "kvm" | "landlock" | "root" | "python";

/**
 * One attack: a file in a folder of its class, with an export named `attack`. Its name is `class/file`, without the ending.
 */
export interface Attack {
  /** The promise under attack: its number in the first column of SPECIFICATION.md. */
  readonly promise: number;
  /** What must happen, in one sentence. */
  readonly must: string;
  readonly needs?: readonly Need[];
  /** Also worth trying on emulated AMD-V (`npm run test:hardware`). */
  readonly hardware?: true;
  /** Part of `npm test`: ends within a second or two. */
  readonly quick?: true;
  /** How long it may take; default {@link TIMEOUT_MS}. An attack that takes longer had an effect: something hangs. */
  readonly timeoutMs?: number;
  /**
   * Why this attack is known to succeed today. It is tried and counted all the same, apart from the others, and never as one
   * that was held.
   */
  readonly known?: string;
  /** Throws when the attack had an effect. What holds of every attack is checked afterwards (stage.ts). */
  readonly run: (stage: Stage) => Promise<void> | void;
}

/** What a file of a class exports. */
export interface AttackModule {
  readonly attack: Attack;
}

/** Ten times what the slowest ordinary attack was seen to take on two busy cores. */
export const TIMEOUT_MS = 60_000;

export type OutcomeStatus =
  /** It had no effect. */
  | "held"
  /** It had one: a promise is broken. */
  | "effect"
  /** It had one, as it is known to have. */
  | "open"
  /** It is marked as known to succeed, and did not: the mark is out of date. */
  | "closed"
  /** This host cannot try it. */
  | "skipped";

/** What became of one attack. */
export interface Outcome {
  readonly name: string;
  readonly className: string;
  readonly status: OutcomeStatus;
  readonly message?: string;
  readonly durationMs: number;
}
