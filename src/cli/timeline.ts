import { defined } from "../base/optional.ts";
import { cutColumns, terminalLine } from "../base/text/index.ts";
import type { Entry, Timeline, TimelineCall, TimelineEdge, ZeroTrustLoop } from "../loop/index.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { unreadLines } from "./origins-text.ts";
import { writeAll } from "./output.ts";
import { shortId } from "./short-id.ts";
import { stepOf, traceText } from "./show.ts";
import { UsageError } from "./usage-error.ts";

export const TIMELINE_HELP = `ztl timeline CONVERSATION [--agent A]

One conversation from its beginning: what the agent called and said, what came in, what was asked and decided, and for each
call where its arguments came from. CONVERSATION is a name or its beginning (ztl runs --json names them).

  <  came in: the output was given to the agent      >  went out: a tool that reaches somebody else
  ~  from where: this part of the arguments was taken from what that run, or that entry, brought

  --agent A      where several agents have a conversation of this name
  --config FILE  the configuration (default: ztl.config.json of this directory); a module is run
  --json         print JSON: calls, entries, edges

Exit status: 0 shown; 5 there is no such conversation.
`;

/** `ztl timeline`. Returns the exit status. */
export async function timeline(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, { agent: { type: "string" } });
  if (await helped(values, TIMELINE_HELP)) return 0;
  const name = expectOne(positionals, "conversation");
  return withLoop(values.config, async (loop) => {
    const found = await findConversation(loop, name, values.agent);
    const told = found && (await loop.records.timeline(found.conversation, found.agent));
    if (told === undefined) {
      await writeAll(
        process.stderr,
        "There is no such conversation; ztl runs lists calls, with --json their conversations.\n",
      );
      return LoopStatus.notFound;
    }
    if (values.json) await printJson(told);
    else await writeAll(process.stdout, timelineText(told));
    return 0;
  });
}

interface Found {
  readonly conversation: string;
  readonly agent?: string;
}

/** A whole name, or one that only one conversation begins with. */
export async function findConversation(
  loop: ZeroTrustLoop,
  name: string,
  agent: string | undefined,
): Promise<Found | undefined> {
  const all = await loop.records.conversations(name, { agent });
  const names = [...new Set(all.map(({ conversation }) => conversation))];
  const conversation = names.includes(name) ? name : names[0];
  if (conversation === undefined) return undefined;
  if (conversation !== name && names.length > 1)
    throw new UsageError(`several conversations begin with ${name}: write more of the name`);
  const agents = all.filter((one) => one.conversation === conversation).map((one) => one.agent);
  if (agents.length > 1)
    throw new UsageError(
      `several agents have this conversation: --agent ${agents.map((one) => terminalLine(one)).join(" or ")}`,
    );
  return { conversation, ...defined({ agent }) };
}

/** As lines for a terminal. Much of it is a page's, a model's or a guest's choice: all of it is painted (`base/text`). */
export function timelineText({ conversation, agents, calls, entries, edges, isCut, unread }: Timeline): string {
  const byRun = new Map(calls.map((call) => [call.runId, call]));
  const of = agents.map((agent) => terminalLine(agent)).join(", ");
  const lines = [
    `${cutColumns(`${terminalLine(conversation)}, of ${of}`, COLUMNS)}: ${calls.length} calls`,
    ...entries.flatMap((entry) => tellEntry(entry, byRun, edges)),
    ...unreadLines(unread),
    ...(isCut ? ["(there is more: ztl export has all of it)"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Longer lines are cut: ztl show has all of it. */
const COLUMNS = 120;

/** Steps that add nothing to what stands beside them are left out; ztl show has them. */
const LEFT_OUT = new Set<Entry["kind"]>(["reads", "admission"]);

function tellEntry(
  entry: Entry,
  byRun: ReadonlyMap<string, TimelineCall>,
  edges: readonly TimelineEdge[],
): readonly string[] {
  if (LEFT_OUT.has(entry.kind)) return [];
  const at = entry.time.slice(11, 19);
  const call = byRun.get(entry.runId ?? "");
  if (entry.kind === "call" && call !== undefined) {
    const mark = call.isOutward ? ">" : " ";
    const head = `${at} ${mark} ${shortId(call.runId)} ${terminalLine(call.tool)}  ${terminalLine(call.command)}`;
    const step = call.trace === undefined ? [] : [`         trace ${traceText(call.trace)}`];
    return [cutColumns(head, COLUMNS), ...step, ...comeFrom(edges.filter(({ to }) => to === call.runId))];
  }
  const text = `${at} ${entry.kind === "given" ? "<" : " "}   ${stepOf(entry)}`;
  return [cutColumns(text, COLUMNS)];
}

function comeFrom(edges: readonly TimelineEdge[]): string[] {
  return edges.map(({ from, places, kind, text }) => {
    const where = from.runId === undefined ? `${from.role} at entry ${from.entry}` : shortId(from.runId);
    const what = `${kind} at ${terminalLine(places.join(", "))}`;
    return cutColumns(`         ~ from ${where}: ${what}: ${terminalLine(text)}`, COLUMNS);
  });
}
