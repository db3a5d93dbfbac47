import { defined } from "../base/optional.ts";
import { terminalLine, terminalLines } from "../base/text/index.ts";
import type { Entry, RunRecord, TraceStep, ZeroTrustLoop } from "../loop/index.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { originLines, traceLines, unreadLines } from "./origins-text.ts";
import { writeAll } from "./output.ts";
import { rowLine } from "./runs.ts";
import { UsageError } from "./usage-error.ts";
import { withoutText } from "./without-text.ts";

export const SHOW_HELP = `ztl show RUN [--probe]          what a recorded call did: every step, its output, where its arguments came from, and what
                                of it turned up again
ztl show RUN --without [CALL]   asks the configuration's probe model again with what RUN returned left out, and shows the
                                first action that differs; with CALL, at that call alone
ztl replay RUN                  runs it again in a micro-VM and compares byte for byte

RUN and CALL are ids, or their beginnings. A replay starts from the same snapshot with the same clock and randomness; nothing
of it reaches an agent or this host's files. It names the first input that is not what it was, then the first difference.

  --probe        asks the configuration's probe model what it would do next, with and without what the run added
  --config FILE  the configuration (default: ztl.config.json of this directory); a module is run
  --json         print JSON

Exit status: 0 shown, or the replay is the same; 1 the replay differs; 4 it cannot be replayed; 5 there is no such run.
`;

/** `ztl show`. Returns the exit status, as the other one. */
export async function show(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, {
    probe: { type: "boolean" },
    without: { type: "boolean" },
  });
  if (await helped(values, SHOW_HELP)) return 0;
  const [call] = values.without ? positionals.splice(1, 1) : [];
  const prefix = expectOne(positionals, "run's id");
  if (values.without) return showWithout(values, prefix, call);
  return withLoop(values.config, async (loop) => {
    const runId = await fullRunId(loop, prefix);
    const record = await loop.records.run(runId);
    if (record === undefined) return showErased(loop, runId, values.json);
    const shift = values.probe ? await loop.records.probe(runId) : undefined;
    if (values.probe && shift === undefined) throw new UsageError("the configuration names no probe model (probe)");
    if (values.json) await printJson({ ...record, ...defined({ probe: shift }) });
    else await writeAll(process.stdout, recordText(record) + (shift === undefined ? "" : showShift(shift)));
    return 0;
  });
}

/** `ztl show RUN --without [CALL]`. */
function showWithout(
  values: { config?: string; json?: boolean },
  prefix: string,
  callPrefix?: string,
): Promise<number> {
  return withLoop(values.config, async (loop) => {
    const call = callPrefix === undefined ? undefined : await fullRunId(loop, callPrefix);
    const outcome = await loop.records.without(await fullRunId(loop, prefix), defined({ call }));
    if (outcome === undefined) throw new UsageError("the configuration names no model to ask (probe)");
    if (values.json) await printJson(outcome);
    else await writeAll(process.stdout, withoutText(outcome));
    return outcome.status === "not-found" ? LoopStatus.notFound : 0;
  });
}

export function recordText({
  row,
  trace,
  entries,
  stdout,
  stderr,
  holdsSecrets,
  truncated,
  origins,
  traces,
  unread,
}: RunRecord): string {
  const text = (bytes: Uint8Array): string => terminalLines(bytes).replace(/^/gm, "    ");
  return [
    rowLine(row).trimEnd(),
    ...(trace === undefined ? [] : [`trace ${traceText(trace)}`]),
    "steps",
    ...entries.map((entry) => `  ${String(entry.index).padStart(6)}  ${entry.time}  ${stepOf(entry)}`),
    ...(stdout.length > 0 ? ["standard output", text(stdout)] : []),
    ...(stderr.length > 0 ? ["standard error", text(stderr)] : []),
    ...(holdsSecrets ? ["(it holds secrets: you see them; the agent and the ledger have notes in their place)"] : []),
    ...(truncated ? ["(there is more; the ledger has all of it)"] : []),
    ...originLines(origins),
    ...traceLines(traces ?? []),
    ...unreadLines(unread),
    "",
  ].join("\n");
}

/** As W3C Trace Context names a step in other programs' records. */
export function traceText({ traceId, spanId, parentSpanId }: TraceStep): string {
  return `${traceId}, step ${spanId}${parentSpanId === undefined ? "" : ` below ${parentSpanId}`}`;
}

function showShift({ distance, actions, unread }: Shift): string {
  const share = (part: number): string => `${Math.round(part * 100)} %`;
  const lines = actions.map(
    ({ action, before, after }) => `  ${terminalLine(action)}: ${share(before)} -> ${share(after)}\n`,
  );
  return `With what the run added, the probe model acts otherwise in ${share(distance)} of its samples.\n${[...lines, ...unreadLines(unread).map((line) => `${line}\n`)].join("")}`;
}

type Shift = NonNullable<Awaited<ReturnType<ZeroTrustLoop["records"]["probe"]>>>;

export function stepOf(entry: Entry): string {
  switch (entry.kind) {
    case "policy-decision":
      return `policy: ${entry.body.decision} (${terminalLine(entry.body.rule)})`;
    case "run":
      return `run: ${terminalLine(entry.body.status)}`;
    case "verdict":
      return `verdict on ${terminalLine(entry.body.subject)}: ${entry.body.verdict}, ${entry.body.findings.length} findings`;
    case "admission":
      return `admission to ${terminalLine(entry.body.destination ?? "memory")}`;
    case "change-set":
      return `change set of ${entry.body.count}`;
    case "approval":
      return `${entry.body.subject}: ${entry.body.decision} by ${terminalLine(entry.body.reviewer ?? "nobody")}`;
    case "decision":
      return `${entry.body.subject}: ${entry.body.decision}, signed by ${terminalLine(entry.body.reviewer)}`;
    case "sync":
      return `sync: ${entry.body.outcome}${byWhom(entry.body.decided)}`;
    case "given":
      return "came in: given to the agent";
    case "said":
      return "the agent said something";
    case "told":
      return `told by the host program (${entry.body.role})`;
    case "taken-in":
      return `taken in by ${terminalLine(entry.body.way)}`;
    case "failure":
      return `failed: ${terminalLine(entry.body.message)} [${terminalLine(entry.body.code)}]`;
    case "not-taken":
      return `not taken into the workspace: changes of ${entry.body.count}`;
    case "rebase":
      return `rebased${byWhom(entry.body.decided)}`;
    case "note":
      return `note: ${terminalLine(entry.body.text)}`;
    default:
      return entry.kind;
  }
}

function byWhom(decided: { readonly reviewer: string } | undefined): string {
  return decided === undefined ? "" : ` by ${terminalLine(decided.reviewer)}`;
}

/** `ztl replay`. */
export async function replay(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, {});
  if (await helped(values, SHOW_HELP)) return 0;
  const prefix = expectOne(positionals, "run's id");
  return withLoop(values.config, async (loop) => {
    const runId = await fullRunId(loop, prefix);
    const outcome = await loop.records.replay(runId);
    if (values.json) await printJson(outcome);
    switch (outcome.status) {
      case "same":
        if (!values.json) await writeAll(process.stdout, "The same, byte for byte: ending, output and changes.\n");
        return 0;
      case "different": {
        const { message, recorded, replayed } = outcome.comparison;
        const text = `Different: ${terminalLine(message)}\n  recorded  ${terminalLine(recorded)}\n  replayed  ${terminalLine(replayed)}\n`;
        if (!values.json) await writeAll(process.stdout, text);
        return LoopStatus.failed;
      }
      case "not-replayable":
        if (!values.json) await writeAll(process.stderr, `It cannot be replayed: ${terminalLine(outcome.reason)}\n`);
        return LoopStatus.needsMore;
      case "not-found":
        return notFound();
    }
  });
}

/** The id that begins so, of all that were ever recorded; what none begins with stays as it is, and is not found. */
export async function fullRunId(loop: ZeroTrustLoop, prefix: string): Promise<string> {
  const [found, another] = await loop.records.idsOf(prefix);
  if (another !== undefined) throw new UsageError(`several runs begin with ${prefix}: write more of the id`);
  return found ?? prefix;
}

/** Of a run whose content was erased: by whom, when and why. */
async function showErased(loop: ZeroTrustLoop, prefix: string, json: boolean | undefined): Promise<number> {
  const [erasure] = prefix === "" ? [] : loop.records.erasuresOf(prefix);
  if (erasure === undefined) return notFound();
  const { by, reason, indices, subject, name } = erasure.body;
  const wholes = {
    run: "This run",
    age: `All before ${terminalLine(name)}, this run with it,`,
    conversation: `The conversation ${terminalLine(name)}, and this run with it,`,
  };
  const of = wholes[subject];
  const text = `${of} was erased by ${terminalLine(by)} at ${erasure.time}: ${terminalLine(reason)}\n${indices.length} entries keep their place and their hashes, and say nothing any more (entry ${erasure.index}).\n`;
  if (json) await printJson({ erased: erasure });
  else await writeAll(process.stdout, text);
  return 0;
}

async function notFound(): Promise<number> {
  await writeAll(process.stderr, "There is no such run; ztl runs lists them.\n");
  return LoopStatus.notFound;
}
