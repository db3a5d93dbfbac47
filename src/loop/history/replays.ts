import { z } from "zod";
import { defined } from "../../base/optional.ts";
import type { Shape } from "../../base/stored-json.ts";
import { ZtlError } from "../../errors.ts";
import { maskSecrets } from "../../guard/index.ts";
import {
  type Content,
  changeList,
  compareInputs,
  compareRuns,
  type Entry,
  type ReplayRecord,
  type RunComparison,
  type RunOutput,
  replayRecord,
} from "../../ledger/index.ts";
import type { SandboxTool } from "../../policy/index.ts";
import type { RunResult, ToolCall } from "../../sandbox/index.ts";
import { withoutVariables } from "../call/environment.ts";
import { runOnce, type ToolRun } from "../call/run-tool.ts";
import type { LoopParts } from "../parts.ts";
import { parseRecorded } from "../state/stored.ts";
import { comparable, type RecordedChange, recordedChange } from "./changes.ts";
import { changedBase } from "./replay-bases.ts";
import { firstOf } from "./run-story.ts";

/** What came of running a recorded call again. Nothing of it reaches an agent or the host's files. */
export type ReplayOutcome =
  /** Byte for byte what was recorded: how it ended, output, and changes. */
  | { readonly status: "same" }
  | { readonly status: "different"; readonly comparison: Extract<RunComparison, { same: false }> }
  | { readonly status: "not-replayable"; readonly reason: string }
  | { readonly status: "not-found" };

export async function replayRun(
  parts: LoopParts,
  entries: readonly Entry[],
  signal?: AbortSignal,
): Promise<ReplayOutcome> {
  const recorded = firstOf(entries, "run")?.body;
  if (entries.length === 0) return { status: "not-found" };
  if (recorded === undefined) return notReplayable("nothing ran: the call was refused, or waits");
  const record =
    recorded.replay ?? (await kept<ReplayRecord>(parts, recorded.replayContent, "The recorded replay", replayRecord));
  if (record === undefined) {
    return notReplayable(
      "no replay was recorded: the tool says replay: false, or the run met something that cannot be repeated",
    );
  }
  const name = firstOf(entries, "call")?.body.tool;
  const order = await orderOf(parts, record, name, signal);
  if (typeof order === "string") return notReplayable(order);
  const changes = await recordedChanges(parts, entries);
  const base = changedBase(order.tool, changes, order.seen);
  if (base !== undefined) return { status: "different", comparison: base };
  const made = await runOnce(parts, order, { seed: record.seed, clockMs: record.clockMs });
  const { run } = withoutVariables(made, order.call.env);
  if (run.status === "error") return notReplayable(`it could not be run now (${run.error.code}): ${run.error.message}`);
  if (run.templateKey !== record.templateKey) {
    return notReplayable("the template is another one now: this host's programs, kernel or processor changed since");
  }
  const comparison = compare({ record, run }, await recordedOutput(parts, recorded, changes));
  return comparison.same ? { status: "same" } : { status: "different", comparison };
}

const replayedCall = z.object({
  tool: z.looseObject({ mounts: z.array(z.looseObject({ host: z.string(), guest: z.string() })) }),
  call: z.looseObject({}),
  env: z.record(z.string(), z.string()),
  workspace: z.object({ spaceId: z.string(), version: z.number().int() }).nullable(),
});

function notReplayable(reason: string): ReplayOutcome {
  return { status: "not-replayable", reason };
}

/** The run to make; or why it cannot be made. */
async function orderOf(
  parts: LoopParts,
  record: ReplayRecord,
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ToolRun | string> {
  // What `runTool` wrote. Tool and call are checked in full where a sandbox is opened and runs them.
  if (!replayedCall.safeParse(record.call).success) return "its record does not say which tool ran, and with what";
  const { tool, call, env, workspace } = record.call as unknown as {
    tool: SandboxTool;
    call: ToolCall;
    env: Readonly<Record<string, string>>;
    workspace: { spaceId: string; version: number } | null;
  };
  const limits = Object.fromEntries(Object.entries(record.limits).map(([name, value]) => [name, value ?? undefined]));
  const configured = name === undefined ? undefined : parts.policy.tool(name);
  const values = configured?.external === true ? undefined : configured?.env;
  const changed = parts.environment.changed(env, values);
  if (changed.length > 0)
    return `variables of the tool's environment are not in the configuration as they were: ${changed.join(", ")}`;
  const withValues = { ...call, ...defined({ env: values }) };
  const order = { tool, call: withValues, limits, signal } as Omit<ToolRun, "seen">;
  const { spaces } = parts.workspace;
  try {
    const seen = workspace === null ? spaces.nothing : await spaces.viewAt(workspace.spaceId, workspace.version);
    return { ...order, seen };
  } catch (error) {
    if (!ZtlError.isInstance(error) || error.code !== "unknown-workspace") throw error;
    return "the workspace that the run saw is not kept any more";
  }
}

interface Replayed {
  readonly record: ReplayRecord;
  readonly run: RunResult;
}

/** A changed input is named before anything else: it explains whatever else differs. */
function compare({ record, run }: Replayed, recorded: RunOutput): RunComparison {
  const found = run.reads.map(({ path, sizeBytes, sha256, parts }) => ({
    name: path.toWellFormed(),
    sizeBytes,
    sha256: sha256 ?? "",
    ...(parts && { parts: [...parts] }),
  }));
  const inputs = compareInputs(record, found);
  if (!inputs.same) return inputs;
  const { status, exitCode } = run;
  return compareRuns(recorded, {
    status,
    exitCode,
    stdout: asRecorded(run.stdout, recorded.stdout),
    stderr: asRecorded(run.stderr, recorded.stderr),
    changes: run.changes.map((change) => comparable(recordedChange(change))),
  });
}

/** The ledger has outputs without their secrets, unless their tool hands them on. */
function asRecorded(found: Uint8Array, recorded: Uint8Array): Uint8Array {
  return Buffer.compare(found, recorded) === 0 ? found : maskSecrets(found).bytes;
}

async function recordedOutput(
  parts: LoopParts,
  body: Extract<Entry, { kind: "run" }>["body"],
  changes: readonly RecordedChange[],
): Promise<RunOutput> {
  const { ledger } = parts;
  const [stdout, stderr] = await Promise.all([ledger.content(body.stdout), ledger.content(body.stderr)]);
  return { status: body.status, exitCode: body.exitCode, stdout, stderr, changes: changes.map(comparable) };
}

async function recordedChanges(parts: LoopParts, entries: readonly Entry[]): Promise<readonly RecordedChange[]> {
  const changeSet = firstOf(entries, "change-set")?.body;
  return changeSet?.changes ?? (await kept(parts, changeSet?.list, "The recorded list of changes", changeList)) ?? [];
}

/** What stands in the ledger as content of its own. Throws ZtlError `record-damaged`. */
async function kept<T>(
  { ledger }: LoopParts,
  content: Content | undefined,
  what: string,
  shape: Shape,
): Promise<T | undefined> {
  return content === undefined ? undefined : parseRecorded(await ledger.content(content), what, shape);
}
