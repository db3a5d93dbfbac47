/** Zero-trust loop: every tool call of an agent in its own micro-VM. The package's public face. */
export { ZtlError } from "./errors.ts";
export { DEFAULT_LIMITS, type LimitName, type RunLimits } from "./linux/limits.ts";
export {
  type CallerMount,
  type ChangedFile,
  type Diagnostics,
  type ReadFile,
  type RunEnding,
  type RunFacts,
  type RunResult,
  type RunTimings,
  Sandbox,
  type SandboxEvent,
  type SandboxOptions,
  type ToolCall,
  type ToolName,
} from "./sandbox/index.ts";
