import { sha256Hex } from "../base/sha256.ts";
import type { Admission, AdmissionClaims, AdmissionPurpose, AdmissionVerifier } from "../guard/index.ts";
import type { Rescan } from "./admitted-text.ts";
import type { RefusalReason } from "./refusal.ts";

export interface Checks {
  readonly verifier: AdmissionVerifier;
  readonly rescan: Rescan;
}

export type Recheck =
  | { readonly status: "valid"; readonly claims: AdmissionClaims }
  | { readonly status: "refused"; readonly reason: RefusalReason };

/**
 * For content that comes back out of a store: is it still what was admitted, for one of these agents? An admission given
 * under other rules says whose content it is, but no longer that it is harmless: it is scanned again, and what today's rules
 * flag stays out even if a person once released it; a model's own words only need not be blocked.
 *
 * `admission` is a copy made by `readAdmission`.
 */
export function recheck(
  checks: Checks,
  admission: Admission,
  content: string,
  { agents, purpose }: { readonly agents: ReadonlySet<string>; readonly purpose: AdmissionPurpose },
): Recheck {
  const claimed = admission.claims;
  const agent = agents.has(claimed.agent) ? claimed.agent : firstOf(agents);
  const check = checks.verifier.recheck(admission, content, { agent, purpose });
  if (check.status === "valid") return { status: "valid", claims: check.claims };
  if (check.reason !== "other-rule-set") return check;
  // The verifier looks at the signature before the rules: from here on the claims are the guard's own.
  if (claimed.contentSha256 !== sha256Hex(content)) return { status: "refused", reason: "other-content" };
  if (claimed.purpose !== purpose) return { status: "refused", reason: "other-purpose" };
  if (!agents.has(claimed.agent)) return { status: "refused", reason: "other-agent" };
  const { decision } = checks.rescan(content, claimed.runId);
  const isHarmless = decision === "admit" || (purpose === "own-words" && decision === "flag");
  if (!isHarmless) return { status: "refused", reason: "not-admitted" };
  return { status: "valid", claims: claimed };
}

function firstOf(agents: ReadonlySet<string>): string {
  return agents.values().next().value ?? "";
}
