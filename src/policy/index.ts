/** What other rooms may use of the policy: read a configuration, ask who may do what, carry taint. */

export {
  BREAKER_SCOPES,
  type BreakerConfig,
  type BreakerRule,
  type BreakerScope,
  type Severity,
  type TroubleKind,
} from "./config/breaker.ts";
export { findConfig, findConfigModules, notRun, requireConfig } from "./config/find.ts";
export { configJsonSchema } from "./config/json-schema.ts";
export { loadConfig } from "./config/load.ts";
export type { ActionsMonitorConfig, MonitorConfig } from "./config/monitor.ts";
export { defineConfig, type ParseConfigOptions, parseConfig } from "./config/parse.ts";
export type { Problem } from "./config/problem.ts";
export {
  REVIEWER_NAME,
  type ReviewerIdentity,
  type ReviewQuota,
  type ReviewRule,
  type ReviewsConfig,
} from "./config/reviews.ts";
export type {
  ExternalTool,
  IsolationConfig,
  LimitsConfig,
  LoopConfig,
  MountConfig,
  ResolvedConfig,
  SandboxTool,
  ToolConfig,
} from "./config/schema.ts";
export { STARTER_CONFIG } from "./config/starter.ts";
export { type Consideration, conclude, type Decision } from "./decision.ts";
export { looksLike } from "./look-alikes.ts";
export { NAME, NameList } from "./names.ts";
export { type EgressLists, Policy } from "./policy.ts";
export type { ReviewedFile, ReviewersNeeded } from "./reviewers-needed.ts";
export { type Confidentiality, type Label, parseTaint, Taint, type Trust } from "./taint.ts";
export type { Trip, Trouble } from "./trips.ts";
