export type { Layer } from "../base/layer/index.ts";
export { DEFAULT_LIMITS as DEFAULT_RUN_LIMITS } from "../linux/limits.ts";
export { CALL_FAMILIES } from "../linux/trace/kinds.ts";
export type { TracedCall } from "../linux/trace/traced-call.ts";
export type { CallerMount, SandboxEvent, SandboxOptions, ToolCall, ToolName } from "./call.ts";
export { diagnoseHost, type HostCheck } from "./doctor.ts";
export type { Isolation, IsolationDemands } from "./isolation.ts";
export { hiddenPlaces, refuseHidden } from "./mounts.ts";
export { type HostLacks, hostLacks } from "./needs.ts";
export type {
  CallCount,
  CallStats,
  ChangedFile,
  Diagnostics,
  ReadFile,
  RunEnding,
  RunFacts,
  RunResult,
  RunTimings,
} from "./result.ts";
export { type RunOptions, TRACEABLE, type TraceRequest } from "./run-options.ts";
export { Sandbox } from "./sandbox.ts";
export { tellSkipped } from "./templates/host-python.ts";
export { traceLine } from "./trace-line.ts";
