import { randomBytes } from "node:crypto";
import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import type { EgressGate } from "../../egress/index.ts";
import { makeReplayRecord, type ReplayRecord } from "../../ledger/index.ts";
import type { LimitsConfig, SandboxTool } from "../../policy/index.ts";
import type { RunResult, ToolCall } from "../../sandbox/index.ts";
import type { SpaceView } from "../../workspace/index.ts";
import type { LoopParts } from "../parts.ts";

/** Bytes a run's randomness is derived from: as much as the strongest key of the generator takes. */
const SEED_BYTES = 32;

export interface ToolRun {
  readonly tool: SandboxTool;
  readonly call: ToolCall;
  readonly limits: LimitsConfig;
  /** The workspace under it. */
  readonly seen: SpaceView;
  readonly signal?: AbortSignal | undefined;
  /** Its way out; such a run is made with the host's clock, and never again. */
  readonly egress?: EgressGate | undefined;
}

/** How a repeatable run was made: `clockMs` is when its clock begins, milliseconds since 1970. */
export interface Determinism {
  readonly seed: string;
  readonly clockMs: number;
}

export interface FinishedRun {
  readonly run: RunResult;
  /** Absent when the run cannot be repeated. */
  readonly replay?: ReplayRecord;
}

/** Runs a tool in a micro-VM. However the guest ends is a value of `run.status`. */
export async function runTool(
  parts: Pick<LoopParts, "sandboxes" | "workspace" | "environment" | "now">,
  order: ToolRun,
): Promise<FinishedRun> {
  const determinism =
    order.tool.replay && order.egress === undefined
      ? { seed: randomBytes(SEED_BYTES).toString("hex"), clockMs: Math.floor(parts.now()) }
      : undefined;
  const run = await runOnce(parts, order, determinism);
  const replay = determinism === undefined ? undefined : replayRecord(parts, order, run, determinism);
  return replay === undefined ? { run } : { run, replay };
}

/** The same for a replay, with the determinism of the recorded run. */
export async function runOnce(
  { sandboxes, workspace }: Pick<LoopParts, "sandboxes" | "workspace">,
  { tool, call, limits, seen, signal, egress }: ToolRun,
  deterministic: Determinism | undefined,
): Promise<RunResult> {
  const sandbox = await sandboxes.for(tool);
  const { layer, release } = await workspace.spaces.useLayer(seen);
  try {
    // Memory is the sandbox's own; a call may only ask for less.
    return await sandbox.run({ ...call, limits: defined(limits) }, defined({ signal, deterministic, layer, egress }));
  } finally {
    await release();
  }
}

/** Undefined when not everything the guest saw is known exactly. */
function replayRecord(
  { environment }: Pick<LoopParts, "environment">,
  order: ToolRun,
  run: RunResult,
  { seed, clockMs }: Determinism,
): ReplayRecord | undefined {
  const { tool, call, limits, seen } = order;
  if (run.status === "error" || run.status === "cancelled" || run.status === "limit") return undefined;
  if (run.templateKey === undefined || run.diagnostics.notRepeatable !== undefined) return undefined;
  const inputs = [];
  for (const { path, sizeBytes, sha256, parts, changedDuringRun } of run.reads) {
    if (sha256 === undefined || changedDuringRun) return undefined;
    inputs.push({ name: path.toWellFormed(), sizeBytes, sha256, ...(parts && { parts: [...parts] }) });
  }
  const { spaceId, version } = seen;
  const workspace = seen.entries.size === 0 ? null : { spaceId, version };
  return makeReplayRecord({
    templateKey: run.templateKey,
    call: { ...withoutEnvironment({ tool, call }), env: environment.seal(tool.env), workspace },
    inputs,
    limits: defined(limits),
    seed,
    clockMs,
  });
}

/** A replay has the values from the configuration: the record only says which they were. */
function withoutEnvironment({ tool, call }: Pick<ToolRun, "tool" | "call">): { tool: Json; call: Json } {
  const { env: _, ...plainTool } = tool;
  const { env: __, ...plainCall } = call;
  return { tool: plainTool as unknown as Json, call: plainCall as unknown as Json };
}
