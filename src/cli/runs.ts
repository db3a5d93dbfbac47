import { defined } from "../base/optional.ts";
import { suggestion } from "../base/suggestion.ts";
import { cutColumns, terminalLine } from "../base/text/index.ts";
import { RUN_STATUSES, RUN_VERDICTS, type RunRow, type RunsQuery } from "../loop/index.ts";
import { helped, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { shortId } from "./short-id.ts";
import { parseMoment } from "./units.ts";
import { UsageError } from "./usage-error.ts";

export const RUNS_HELP = `ztl runs [filters] [--limit N] [--before INDEX]

Recorded calls, newest first. All filters must match:

  --agent A          only this agent's
  --tool T           only of this tool
  --conversation C   only of this conversation (ztl timeline C tells all of one)
  --status S         ended so: ok, failed, signaled, limit, cancelled, error; or never ran: ask, refuse
  --verdict V        the guard said: admit, flag, block
  --finding [RULE]   the guard found something; with RULE, of the rules and families whose name begins so
  --since TIME       from then on: 2026-11-27, 2026-11-27T09:30Z, or 30m, 2h, 3d ago
  --until TIME       before then
  --search TEXT      somewhere in agent, tool, conversation, ids of a trace, command or input

  --limit N          calls listed (default 20)
  --before INDEX     the page before: the last line of a list says which
  --config FILE      the configuration (default: ztl.config.json of this directory); a module is run
  --json             print JSON: rows, and next, which is for --before

Exit status: 0 shown; 125 the command line is wrong.
`;

const OPTIONS = {
  limit: { type: "string" },
  before: { type: "string" },
  agent: { type: "string" },
  tool: { type: "string" },
  conversation: { type: "string" },
  status: { type: "string" },
  verdict: { type: "string" },
  finding: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  search: { type: "string" },
} as const;

type Values = ReturnType<typeof parseLoopArguments<typeof OPTIONS>>["values"];

/** `ztl runs`. Returns the exit status. */
export async function runs(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(withAnyFinding(args), OPTIONS);
  if (await helped(values, RUNS_HELP)) return 0;
  if (positionals.length > 0) throw new UsageError("ztl runs takes options only; ztl show RUN tells of one");
  const query = queryOf(values);
  return withLoop(values.config, async (loop) => {
    const { rows, next } = await loop.records.runs(query);
    if (values.json) await printJson({ rows, ...defined({ next }) });
    else await writeAll(process.stdout, listOf(rows, next, query));
    return 0;
  });
}

/** `--finding` alone means any. */
function withAnyFinding(args: readonly string[]): string[] {
  return args.map((arg, at) => {
    const following = args[at + 1];
    return arg === "--finding" && (following === undefined || following.startsWith("-")) ? "--finding=" : arg;
  });
}

function queryOf({ limit, before, since, until, status, verdict, ...values }: Values): RunsQuery {
  const { agent, tool, conversation, finding, search } = values;
  return {
    limit: wholeNumber("limit", limit ?? "20", 1, 1000),
    ...defined({ agent, tool, conversation, finding, search }),
    ...defined({
      beforeIndex: before === undefined ? undefined : wholeNumber("before", before, 0, Number.MAX_SAFE_INTEGER),
      since: since === undefined ? undefined : parseMoment("since", since),
      until: until === undefined ? undefined : parseMoment("until", until),
      status: status === undefined ? undefined : oneOf("status", status, RUN_STATUSES),
      verdict: verdict === undefined ? undefined : oneOf("verdict", verdict, RUN_VERDICTS),
    }),
  };
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new UsageError(`--${option} takes a whole number from ${least} to ${most}`);
  return number;
}

function oneOf(option: string, text: string, known: readonly string[]): string {
  if (!known.includes(text)) throw new UsageError(`--${option} takes ${known.join(", ")}${suggestion(text, known)}`);
  return text;
}

function listOf(rows: readonly RunRow[], next: number | undefined, { limit: _, ...filters }: RunsQuery): string {
  if (rows.length > 0) return rows.map(rowLine).join("") + (next === undefined ? "" : `Older ones: --before ${next}\n`);
  return Object.keys(filters).length === 0 ? "No calls are recorded yet.\n" : "No recorded call matches.\n";
}

export function rowLine({ runId, time, agent, tool, decision, status, verdict, command }: RunRow): string {
  const ran = status === "none" ? decision : status;
  return `${shortId(runId)}  ${time.slice(0, 19)}Z  ${terminalLine(agent)} / ${terminalLine(tool)}: ${terminalLine(ran)}, guard ${verdict}\n          ${cutColumns(terminalLine(command), 90)}\n`;
}
