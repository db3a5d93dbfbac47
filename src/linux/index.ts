export { Config, type KernelConfig } from "./kernel/config.ts";
export type { Diagnostics } from "./kernel/diagnostics.ts";
export { forgetRun, type KernelImage } from "./kernel/image.ts";
export type { Control, GuestEnding } from "./kernel/scheduler.ts";
export type { ProgramSpec } from "./kernel/spawn.ts";
export { Kernel } from "./kernel.ts";
export { DEFAULT_LIMITS, type LimitName, type RunLimits } from "./limits.ts";
export type { TracedCall, TraceOptions } from "./trace/index.ts";
export type { Change, FileRead, MountSpec, Vanishing } from "./vfs/index.ts";
