import { defined } from "../../base/optional.ts";
import { isWithin } from "../../base/paths.ts";
import { ZtlError } from "../../errors.ts";
import type { LimitsConfig, SandboxTool, ToolConfig } from "../../policy/index.ts";
import { DEFAULT_RUN_LIMITS, type RunResult, type ToolCall } from "../../sandbox/index.ts";
import type { Caller } from "../handles/caller.ts";
import { readsBody, runBody } from "../history/drafts.ts";
import type { LoopParts } from "../parts.ts";
import { type CallRequest, parseRequest, toJsonValue } from "../requests.ts";
import { describeTaken, labelsRead, takeChanges, workspaceOf } from "../workspace/change-sets.ts";
import { filesOf } from "../workspace/workspace-owner.ts";
import { answerOnce } from "./answer-once.ts";
import { type Answer, beginCall, type Call } from "./call.ts";
import type { CallResult, RunSummary } from "./call-result.ts";
import { deliver, withStatus } from "./delivery.ts";
import { withoutVariables } from "./environment.ts";
import { failed } from "./failure.ts";
import { permissionFor } from "./permission.ts";
import { describeChanges, describeVanished, renderRun } from "./rendering.ts";
import { type FinishedRun, runTool } from "./run-tool.ts";
import { runWithoutSecrets, sentenceWithoutSecrets } from "./secrets.ts";
import { severable } from "./severance.ts";
import { commandOf, toToolCall } from "./tool-call.ts";
import { recordWayOut, wayOutOf } from "./way-out.ts";

/** Replay records up to this size stand in their entry. */
const INLINE_REPLAY_BYTES_MAX = 16 * 1024;

/** `conversation.call`: decide, run, look, record, answer. */
export async function callTool(parts: LoopParts, caller: Caller, request: CallRequest): Promise<CallResult> {
  const { tool: name, callId, traceparent, approval, signal, fresh = false } = parseRequest("call", request);
  const { value: input, text: inputText } = toJsonValue(request.input);
  const tool = parts.policy.tool(name);
  if (tool?.external) {
    throw new ZtlError("external-tool", "This tool runs elsewhere: ask with permit, and hand its result to receive");
  }
  const order = tool === undefined ? undefined : toOrder(tool, input);
  const command = order === undefined || order instanceof ZtlError ? inputText : commandOf(order);
  const files = tool === undefined ? undefined : filesOf(parts, caller, fresh);
  const around = { callId, traceparent, template: tool?.template, files };
  const call = await beginCall(parts, { caller, tool: name, input, inputText, command, ...around });
  return answerOnce(parts, call, async () => {
    const permission = await permissionFor(parts, call, approval);
    if (!permission.granted) return permission.answer;
    return async () => {
      // The policy grants configured tools alone; without one there is no order either.
      if (tool === undefined || order === undefined)
        throw new ZtlError("invariant", "A tool that is not configured was granted");
      if (order instanceof ZtlError) return failed(parts, call, order);
      return runGranted(parts, { call, tool, order, signal });
    };
  });
}

/** A wrong input is the model's to put right, so it is an answer; it is recorded as a call all the same. */
function toOrder(tool: Exclude<ToolConfig, { external: true }>, input: CallRequest["input"]): ToolCall | ZtlError {
  try {
    return toToolCall(tool, input);
  } catch (error) {
    if (ZtlError.isInstance(error) && error.code === "input-invalid") return error;
    throw error;
  }
}

interface Granted {
  readonly call: Call;
  readonly tool: SandboxTool;
  readonly order: ToolCall;
  readonly signal: AbortSignal | undefined;
}

async function runGranted(parts: LoopParts, { call, tool, order, signal }: Granted): Promise<Answer> {
  const { scope, recorder, command } = call;
  const seen = await workspaceOf(parts, call);
  const limits = withinRoom(parts.policy.limitsFor(scope.agent, call.tool), parts.workspace.spaces.roomIn(seen));
  using severance = severable(parts, call, signal);
  const egress = wayOutOf(parts, call, severance);
  const finished = await runTool(parts, { tool, call: order, limits, seen, signal: severance.signal, egress });
  const shown = withoutVariables(finished.run, tool.env);
  const masked = runWithoutSecrets(parts, call, tool, shown.run);
  const { run } = masked;
  await recordRun(call, { ...finished, run });
  if (egress !== undefined) await recordWayOut(call, egress);
  if (run.status === "error") return failed(parts, call, new ZtlError(run.error.code, run.error.message));
  const ran = { call, tool, command, run, seen };
  const labels = [parts.policy.labelOf(call.tool), ...labelsRead(parts, ran)];
  const { changes, result, changeSet } = await takeChanges(parts, { ...ran, labels });
  const said = saidOf(tool, [
    severance.severedBecause,
    describeVanished(run.diagnostics),
    describeChanges(changes),
    ...describeTaken(result),
  ]);
  const { sections, notes } = renderRun(run, call.tool);
  const delivered = await deliver(parts, recorder, {
    ...{ scope, caller: call.caller, tool: call.tool, command, subject: "output" },
    framed: { sections, notes: [...notes, ...shown.notes, ...masked.notes, ...said] },
    names: said.length === 0 ? undefined : said.join("\n"),
    raw: inexactParts(run),
    labels,
    isFromTrusted: isFromTrusted(parts, tool, run, said),
    onFlag: tool.onFlag,
  });
  return { ...withStatus(delivered, run.status), run: summaryOf(run), ...defined({ changeSet }) };
}

/** A run that writes more than its workspace has room for ends at that: all that it did would be lost else. */
function withinRoom(limits: LimitsConfig, roomBytes: number): LimitsConfig {
  const { overlayBytes = DEFAULT_RUN_LIMITS.overlayBytes } = limits;
  return roomBytes < overlayBytes ? { ...limits, overlayBytes: roomBytes } : limits;
}

/** Lines of ours about files, which have names that a guest chose in them. */
function saidOf({ onSecret }: SandboxTool, lines: readonly (string | undefined)[]): string[] {
  const there = lines.filter((line) => line !== undefined);
  return onSecret === "pass" ? there : there.map(sentenceWithoutSecrets);
}

/**
 * Its mounts are trusted, and it read something there: what a program only says comes from nowhere else. Names of files are its own
 * choice, too, and have to be harmless by themselves.
 */
function isFromTrusted(
  { examiner }: LoopParts,
  { mounts, egress = [] }: SandboxTool,
  { reads }: RunResult,
  names: readonly string[],
): boolean {
  // What comes from elsewhere has no mount's trust.
  const areTrusted = egress.length === 0 && mounts.every(({ trust }) => trust === "trusted");
  const wasRead = reads.some(({ path }) => mounts.some(({ guest }) => isWithin(path, guest)));
  return areTrusted && wasRead && examiner.scan(names.join("\n")).decision === "admit";
}

async function recordRun({ recorder }: Call, { run, replay }: FinishedRun): Promise<void> {
  const [stdout, stderr] = await Promise.all([recorder.keep(run.stdout), recorder.keep(run.stderr)]);
  const record = replay === undefined ? undefined : Buffer.from(JSON.stringify(replay), "utf8");
  const kept =
    replay === undefined || record === undefined
      ? {}
      : record.length <= INLINE_REPLAY_BYTES_MAX
        ? { replay }
        : { replayContent: await recorder.keep(record) };
  recorder.record({ kind: "run", body: runBody(run, { stdout, stderr }, kept) });
  if (run.reads.length > 0) {
    recorder.record({ kind: "reads", body: await readsBody(run.reads, (bytes) => recorder.keep(bytes)) });
  }
}

/** What decoding would have lost, for the guard to see. */
function inexactParts(run: RunResult): Uint8Array[] {
  const isExact = (text: string, bytes: Uint8Array): boolean => Buffer.from(text, "utf8").equals(bytes);
  return [
    ...(isExact(run.stdoutText, run.stdout) ? [] : [run.stdout]),
    ...(isExact(run.stderrText, run.stderr) ? [] : [run.stderr]),
  ];
}

function summaryOf({ status, exitCode, timingsMs, diagnostics }: RunResult): RunSummary {
  return { status, exitCode, timingsMs, egressAttempts: diagnostics.egressAttempts };
}
