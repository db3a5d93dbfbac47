import { isJsonObject } from "../base/json.ts";
import type { Admission, AdmissionClaims, Verdict } from "../guard/index.ts";
import { ADMISSION_BYTES_MAX } from "./limits.ts";
import { plainCopy } from "./plain-data.ts";

/** A text and the guard's signed statement that it may enter this agent's memory. What `loop.call` gives and memory takes. */
export interface AdmittedText {
  readonly text: string;
  readonly admission: Admission;
  readonly runId: string;
  readonly agent: string;
}

/** The guard's scan under today's rules, with the sink `memory`; `runId` says whose frame may stand around the content. */
export type Rescan = (content: string, runId?: string) => Verdict;

/** Ed25519 signatures have 64 bytes: 86 letters of base64url without padding (RFC 8032, RFC 4648 section 5). */
const SIGNATURE = /^[\w-]{86}$/;

/**
 * A frozen copy of what may be an admission: exactly claims and a signature, and nothing beside them that nobody signed, as
 * the admission itself is stored too. Whether the claims are whole and the signature true is still for the guard's verifier.
 */
export function readAdmission(value: unknown): Admission | undefined {
  const copy = plainCopy(value, { bytesMax: ADMISSION_BYTES_MAX, depthMax: 4 });
  if (!isJsonObject(copy) || Object.keys(copy).length !== 2) return undefined;
  const { claims, signature } = copy;
  if (!isJsonObject(claims) || typeof signature !== "string" || !SIGNATURE.test(signature)) return undefined;
  return Object.freeze({ claims: claims as unknown as AdmissionClaims, signature });
}
