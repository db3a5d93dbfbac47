import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { ENTROPY_LIMITS } from "../limits.ts";
import { ABSENT, type Alternative, type Signal, type TokenSignal } from "./token-signal.ts";

/** What is read of servers' answers is strict: one wrong member, and the whole chunk is no signal, with a word on why. */

class Malformed extends Error {}

/** Rounding of servers puts a certain token a little above probability one. */
const ROUNDING = 1e-4;
/** Below e^-100 nothing is told apart; OpenAI writes -9999 for what is not among its likeliest. */
const LOGPROB_MIN = -100;

/** Undefined stands for an answer that holds no such list. */
export function signalOf(read: () => readonly TokenSignal[] | undefined): Signal {
  try {
    const tokens = read();
    return tokens === undefined || tokens.length === 0 ? ABSENT : { kind: "tokens", tokens };
  } catch (error) {
    if (error instanceof Malformed) return { kind: "no-signal", reason: "malformed", why: error.message };
    throw error;
  }
}

export function malformed(expected: string): never {
  throw new Malformed(`expected ${expected}`);
}

export function objectOf(value: Json | undefined, what: string): JsonObject {
  return isJsonObject(value) ? value : malformed(`${what} as an object`);
}

/** Null and an absent member say the same: nothing. */
export function listOf(value: Json | undefined, what: string): readonly Json[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return malformed(`${what} as an array`);
  if (value.length > ENTROPY_LIMITS.tokensPerAnswer)
    return malformed(`at most ${ENTROPY_LIMITS.tokensPerAnswer} of ${what}`);
  return value;
}

export function textOf(value: Json | undefined, what: string): string {
  if (typeof value !== "string") return malformed(`${what} as a string`);
  return value.slice(0, ENTROPY_LIMITS.tokenCharacters);
}

export function logprobOf(value: Json | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value > ROUNDING)
    return malformed(`${what} as a number that is not above zero`);
  return Math.max(LOGPROB_MIN, Math.min(0, value));
}

/** A probability as its logarithm. */
export function logOfProbability(value: Json | undefined, what: string): number {
  if (typeof value !== "number" || !(value >= 0 && value <= 1 + ROUNDING))
    return malformed(`${what} between zero and one`);
  return Math.max(LOGPROB_MIN, Math.min(0, Math.log(value)));
}

/** Tokens as OpenAI has them, and most others: `{ token, logprob, top_logprobs?: [{ token, logprob }] }`. */
export function tokensOf(list: readonly Json[] | undefined, what: string): TokenSignal[] | undefined {
  return list?.map((one) => {
    const { token, logprob, top_logprobs: top } = objectOf(one, what);
    return {
      token: textOf(token, `${what}.token`),
      logprob: logprobOf(logprob, `${what}.logprob`),
      top: alternativesOf(top, `${what}.top_logprobs`, alternativeOf),
    };
  });
}

export function alternativesOf(
  value: Json | undefined,
  what: string,
  read: (value: Json, what: string) => Alternative,
): readonly Alternative[] {
  const list = listOf(value, what) ?? [];
  if (list.length > ENTROPY_LIMITS.alternatives) return malformed(`at most ${ENTROPY_LIMITS.alternatives} of ${what}`);
  const alternatives = list.map((one) => read(one, what));
  const mass = alternatives.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
  return mass <= 1 + 1e-2 ? alternatives : malformed(`${what} of no more than one together`);
}

function alternativeOf(value: Json, what: string): Alternative {
  const { token, logprob } = objectOf(value, what);
  return { token: textOf(token, `${what}.token`), logprob: logprobOf(logprob, `${what}.logprob`) };
}
