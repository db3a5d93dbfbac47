import { type ParseArgsConfig, parseArgs } from "node:util";
import { optionProblem } from "../base/option-problem.ts";
import { cutColumns, terminalJson, terminalLine } from "../base/text/index.ts";
import { ZeroTrustLoop } from "../loop/index.ts";
import { configFile } from "./config-file.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** What the commands of the loop have in common: their arguments, and the loop they open. */

/** Who decides, unless said otherwise. */
export { userName } from "../base/user-directories.ts";

/** Exit statuses beside 0 for done and 125 for a wrong command line. */
export const LoopStatus = {
  /** A check failed: a ledger is damaged, a replay differs. */
  failed: 1,
  /** Nothing was done, as things are no longer what they were: stale, decided already, a conflict on the host. */
  changed: 3,
  /** Nothing was done, as more is needed: a yes to a protected path, other files, something that can be replayed. */
  needsMore: 4,
  /** There is no such review, run or entry. */
  notFound: 5,
  /** Nothing was done, as only a reviewer who proves to be one may. */
  notAllowed: 6,
} as const;

type Options = NonNullable<ParseArgsConfig["options"]>;

const COMMON = {
  config: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Throws UsageError for what is none of the options. */
export function parseLoopArguments<const T extends Options>(args: readonly string[], options: T) {
  const all = { ...COMMON, ...options };
  try {
    return parseArgs({ args: [...args], options: all, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, all));
  }
}

/** Prints the help when it was asked for; then there is nothing else to do. */
export async function helped(values: { readonly help?: boolean | undefined }, help: string): Promise<boolean> {
  if (values.help === true) await writeAll(process.stdout, help);
  return values.help === true;
}

/**
 * Opens the loop of a configuration for one command. No micro-VM is started by it. A directory that a tool mounts and that is gone is
 * told, and keeps nobody from looking and deciding.
 */
export async function withLoop<T>(config: string | undefined, work: (loop: ZeroTrustLoop) => Promise<T>): Promise<T> {
  const loop = await ZeroTrustLoop.open({ config: await configFile(config), missingMounts: "tell" });
  try {
    await writeAll(process.stderr, mountNotices(loop.mountProblems));
    return await work(loop);
  } finally {
    await loop.close();
  }
}

/** Told at most; the rest is counted. */
const NOTICES_MAX = 20;

/** Paths of the configuration, and what this host says of them. */
export function mountNotices(problems: ZeroTrustLoop["mountProblems"]): string {
  const lines = problems
    .slice(0, NOTICES_MAX)
    .map(({ path, message, remedy }) => `ztl: ${short(path)}: ${short(message)}. ${short(remedy)}\n`);
  const more = problems.length - lines.length;
  return `${lines.join("")}${more > 0 ? `ztl: … and ${more} more directories\n` : ""}`;
}

/** A path has up to 4,096 bytes: what a line or two hold of it tells which. */
function short(text: string): string {
  return cutColumns(terminalLine(text), 400);
}

/** One argument, no more and no less. */
export function expectOne(positionals: readonly string[], what: string): string {
  const [one, ...more] = positionals;
  if (one === undefined || more.length > 0) throw new UsageError(`give one ${what}`);
  return one;
}

/** JSON for machines, in which nothing acts on a terminal. */
export function printJson(value: unknown): Promise<void> {
  return writeAll(process.stdout, `${terminalJson(value)}\n`);
}

/** Whether to use colours: on a terminal, unless its owner said no (no-color.org). */
export function usesColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}
