/** What other rooms may use of the guard: scan content, neutralise it, sign and check admissions. */
export {
  type Admission,
  type AdmissionClaims,
  type AdmissionLabel,
  type AdmissionPurpose,
  type AdmissionScope,
  type AdmitResult,
  Admitter,
  type AdmitterOptions,
} from "./admission.ts";
export {
  type AdmissionCheck,
  type AdmissionRefusal,
  AdmissionVerifier,
  type AdmissionVerifierOptions,
  type Nonces,
} from "./admission-verifier.ts";
export { type Explanation, explainFinding, familyWords, severityWords } from "./explain.ts";
export type { Decoding, Family, Finding, GuardDecision, Severity, Verdict } from "./finding.ts";
export { atLeast } from "./finding.ts";
export { DEFAULT_LIMITS, type GuardLimits } from "./limits.ts";
export { type Masked, maskSecrets } from "./mask.ts";
export { type Ask, ModelScanner, type ModelScannerOptions } from "./model-scanner.ts";
export { type Neutralised, neutralise } from "./neutralise.ts";
export { isRated, type OrdinaryRate, ordinaryRateOf } from "./ordinary-rate.ts";
export { OWN_RULES_BYTES_MAX, withOwnRules } from "./own-rules.ts";
export {
  blockingFindings,
  DEFAULT_POLICY,
  type Release,
  releaseOf,
  stricterVerdict,
  type VerdictPolicy,
} from "./policy.ts";
export { type Pattern, type Rule, SINKS, type Sink, type Trigger } from "./rule.ts";
export { builtInRules, RuleSet } from "./rule-set.ts";
export { type Scanner, type ScanOptions, SyntacticScanner, scan } from "./scanner.ts";
export {
  probeTemplates,
  readTokens,
  rulesFor,
  TEMPLATE_BYTES_MAX,
  type TemplateProbe,
  type TemplateTokens,
} from "./templates/index.ts";
export { type Decoded, decodeLevel } from "./views/decode.ts";
export { decodeHidden } from "./views/hidden.ts";
export type { DecodedRuns } from "./views/run-writer.ts";
export { decodeRuns } from "./views/runs.ts";
