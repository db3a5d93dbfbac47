import { defined } from "../base/optional.ts";
import { terminalLine } from "../base/text/index.ts";
import type { CloseResult, OpenBreaker, ZeroTrustLoop } from "../loop/index.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { tellDecision } from "./review-text.ts";
import { WHO_HELP, WHO_OPTIONS, type WhoValues, whoDecides } from "./reviewer-proof.ts";
import { shortId } from "./short-id.ts";
import { UsageError } from "./usage-error.ts";

export const BREAKER_HELP = `ztl breaker status
ztl breaker open [--agent NAME [--conversation ID] | --run RUN] [--message M]
ztl breaker close ID [--hash H] [--message M]

Stops agents at once. While a breaker is open nothing of what it is over begins: no call, no message, no connection; what goes on is
ended, in whichever process. Anybody may open one; who may decide reviews closes it, or the rule that opened it, after its cool-down.

status   what is stopped, by whom or by which rule, and what lets it go on
open     stops all agents; or one, one of its conversations, or one run
close    lets it go on. ID may be cut short as long as it is the only one that begins so

  --agent NAME         an agent, or prefix* as the configuration has it
  --conversation ID    one conversation of that agent
  --run RUN            one run (ztl runs lists them)
  --message M          why; on opening the agent is told
  --hash H             close only what was seen (ztl breaker status prints it)
${WHO_HELP.trimEnd()}
  --config FILE        the configuration (default: ztl.config.json of this directory); a module is run
  --json               print JSON

Exit status: 0 done, and with status: nothing is stopped; 3 something is stopped, or it was opened for another reason meanwhile;
4 more reviewers must agree; 5 there is no such breaker; 6 only a reviewer may; 125 the command line is wrong.
`;

const OPTIONS = {
  agent: { type: "string" },
  conversation: { type: "string" },
  run: { type: "string" },
  message: { type: "string" },
  hash: { type: "string" },
  ...WHO_OPTIONS,
} as const;

type Values = ReturnType<typeof parseLoopArguments<typeof OPTIONS>>["values"];

/** `ztl breaker`. Returns the exit status. */
export async function breaker(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, BREAKER_HELP)) return 0;
  const [command, ...rest] = positionals;
  if (command !== "close" && rest.length > 0) throw new UsageError(`ztl breaker ${command} takes options only`);
  switch (command) {
    case "status":
      return withLoop(values.config, (loop) => status(loop, values));
    case "open":
      return open(values);
    case "close":
      return close(expectOne(rest, "breaker's id"), values);
    default:
      throw new UsageError("ztl breaker takes status, open or close; ztl breaker --help explains");
  }
}

async function status({ breakers }: ZeroTrustLoop, { json }: Values): Promise<number> {
  const open = breakers.list();
  if (json) await printJson(open);
  else await writeAll(process.stdout, open.length === 0 ? "Nothing is stopped.\n" : open.map(tellBreaker).join("\n"));
  return open.length === 0 ? 0 : LoopStatus.changed;
}

async function open(values: Values): Promise<number> {
  const { agent, conversation, run: runId, message, json } = values;
  if (values.hash !== undefined) throw new UsageError("--hash goes with ztl breaker close");
  const { reviewer: by } = await whoDecides(values as WhoValues);
  return withLoop(values.config, async ({ breakers }) => {
    const opened = await breakers.open({ by, ...defined({ agent, conversation, runId, message }) });
    if (json) await printJson(opened);
    else
      await writeAll(
        process.stdout,
        `${tellBreaker(opened)}To let it go on: ztl breaker close ${shortId(opened.id)}\n`,
      );
    return 0;
  });
}

async function close(prefix: string, values: Values): Promise<number> {
  const { hash, message, json } = values;
  if ((values.agent ?? values.conversation ?? values.run) !== undefined)
    throw new UsageError("ztl breaker close takes the breaker's id, which ztl breaker status prints");
  const who = await whoDecides(values as WhoValues);
  return withLoop(values.config, async ({ breakers }) => {
    const id = findBreaker(breakers.list(), prefix);
    const result: CloseResult =
      id === undefined ? { status: "not-found" } : await breakers.close(id, { ...who, ...defined({ hash, message }) });
    if (json) await printJson(result);
    else if (result.status === "closed") await writeAll(process.stdout, "Closed: it may go on.\n");
    else await writeAll(process.stderr, tellRefused(result));
    return statusOf(result);
  });
}

function findBreaker(open: readonly OpenBreaker[], prefix: string): string | undefined {
  const found = prefix.length < 4 ? [] : open.filter(({ id }) => id.startsWith(prefix));
  if (found.length > 1) throw new UsageError(`${found.length} breakers begin with ${prefix}: write more of the id`);
  return found[0]?.id;
}

function statusOf({ status }: CloseResult): number {
  switch (status) {
    case "closed":
      return 0;
    case "stale":
      return LoopStatus.changed;
    case "more-reviewers":
      return LoopStatus.needsMore;
    case "not-found":
      return LoopStatus.notFound;
    case "not-allowed":
      return LoopStatus.notAllowed;
  }
}

function tellRefused(result: Exclude<CloseResult, { status: "closed" }>): string {
  return result.status === "not-found"
    ? "There is no such breaker, or it is closed already; ztl breaker status lists them.\n"
    : tellDecision(result);
}

function tellBreaker(breaker: OpenBreaker): string {
  const { id, state, source, reason, openedBy, openedAt, causedBy, probeAt, hash } = breaker;
  const lines = [
    `${shortId(id)}  ${state.padEnd(9)}  ${whom(breaker)}`,
    `          ${terminalLine(reason)}`,
    `          opened ${new Date(openedAt).toISOString()} by ${openedBy === undefined ? `a rule (${source})` : terminalLine(openedBy)}`,
    ...(causedBy === undefined
      ? []
      : [`          in run ${terminalLine(causedBy)}: ztl show ${terminalLine(causedBy)}`]),
    ...(probeAt === undefined ? [] : [`          one call may try from ${new Date(probeAt).toISOString()} on`]),
    `          hash ${hash}`,
  ];
  return `${lines.join("\n")}\n`;
}

function whom({ target }: OpenBreaker): string {
  switch (target.scope) {
    case "global":
      return "all agents";
    case "agent":
      return `agent ${terminalLine(target.agent)}`;
    case "conversation":
      return `conversation ${terminalLine(target.conversation)} of ${terminalLine(target.agent)}`;
    case "run":
      return `run ${terminalLine(target.runId)} of ${terminalLine(target.agent)}`;
  }
}
