import { padColumns, terminalLine } from "../base/text/index.ts";
import type { ActionTrace, JudgedCall } from "../loop/index.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, usesColour, withLoop } from "./loop-command.ts";
import { MONITOR_HELP } from "./monitor-help.ts";
import { writeAll } from "./output.ts";
import { type Paint, painter } from "./review-text.ts";
import { shortId } from "./short-id.ts";
import { fullRunId } from "./show.ts";

/** `ztl monitor show RUN`. */
export async function showActions(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, {});
  if (await helped(values, MONITOR_HELP)) return 0;
  const prefix = expectOne(positionals, "run's id");
  return withLoop(values.config, async (loop) => {
    const trace = await loop.records.actions(await fullRunId(loop, prefix));
    if (trace === undefined) {
      await writeAll(process.stderr, "There is no such run; ztl runs lists them.\n");
      return LoopStatus.notFound;
    }
    if (values.json) await printJson(trace);
    else await writeAll(process.stdout, actionTraceText(trace, painter(usesColour(process.stdout))));
    return 0;
  });
}

/** Columns of the picture, and bits beyond which all calls stand at its edge. */
const COLUMNS = 48;
const BITS_MAX = 20;
/** Reasons of an alarm that are told; `--json` has all. */
const REASONS_TOLD = 4;

/** Each judged call as a point on a line of bits, over the band of the agent's other calls, with the threshold. */
export function actionTraceText({ agent, conversation, calls, band }: ActionTrace, paint: Paint): string {
  const head = `Conversation ${terminalLine(conversation)} of ${terminalLine(agent)}`;
  if (calls.length === 0)
    return `${head}: no outward call of it was judged. monitor.actions in the configuration turns the monitor on.\n`;
  const usual =
    band === undefined
      ? "no band: too few other calls of this agent were judged"
      : `░ where ${band.calls} other calls of this agent were`;
  const scale = scaleOf(calls, band);
  const lines = [
    `${head}: ${calls.length} outward call${calls.length === 1 ? "" : "s"} judged`,
    `${" ".repeat(NAME_COLUMNS)}${ruler(scale)}`,
    ...calls.flatMap((call) => [callLine(call, scale, band, paint), ...reasonLines(call)]),
    `│ an alarm begins   ● a call   ${usual}`,
  ];
  return `${lines.join("\n")}\n`;
}

interface Scale {
  readonly low: number;
  readonly high: number;
}

const NAME_COLUMNS = 28;

function scaleOf(calls: readonly JudgedCall[], band: ActionTrace["band"]): Scale {
  const all = [...calls.flatMap(({ bits, alarmBits }) => [bits, alarmBits]), ...(band ? [band.low, band.high] : [])];
  const inside = all.map((bits) => Math.max(-BITS_MAX, Math.min(BITS_MAX, bits)));
  return { low: Math.floor(Math.min(...inside)) - 1, high: Math.ceil(Math.max(...inside)) + 1 };
}

function columnOf(bits: number, { low, high }: Scale): number {
  const share = (Math.max(low, Math.min(high, bits)) - low) / (high - low);
  return Math.round(share * (COLUMNS - 1));
}

function ruler(scale: Scale): string {
  const [low, high] = [`${scale.low}`, `${scale.high} bits`];
  return `${low}${" ".repeat(Math.max(1, COLUMNS - low.length - high.length))}${high}`;
}

const OUTCOMES = { run: "made", ask: "a person is asked", refuse: "refused", none: "" } as const;

function callLine(call: JudgedCall, scale: Scale, band: ActionTrace["band"], paint: Paint): string {
  const { runId, tool, bits, alarmBits, decision, outcome } = call;
  const cells: string[] = Array.from({ length: COLUMNS }, (_, column) => {
    const isUsual = band !== undefined && column >= columnOf(band.low, scale) && column <= columnOf(band.high, scale);
    return isUsual ? "░" : "·";
  });
  cells[columnOf(alarmBits, scale)] = "│";
  const isAlarm = decision !== "go";
  cells[columnOf(bits, scale)] = paint(isAlarm ? "red" : "green", "●");
  const name = padColumns(`${shortId(runId)}  ${terminalLine(tool)}`.slice(0, NAME_COLUMNS - 1), NAME_COLUMNS);
  const alarm = isAlarm ? `  ${paint("red", `ALARM: ${decision}`)}` : "";
  return `${name}${cells.join("")} ${bits.toFixed(1).padStart(6)}${alarm}  ${OUTCOMES[outcome]}`.trimEnd();
}

function reasonLines({ decision, reasons }: JudgedCall): string[] {
  if (decision === "go") return [];
  return reasons
    .slice(0, REASONS_TOLD)
    .map(({ bits, text }) => `${" ".repeat(NAME_COLUMNS)}${bits.toFixed(1).padStart(5)}  ${terminalLine(text)}`);
}
