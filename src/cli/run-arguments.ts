import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, isAbsolute, relative } from "node:path";
import { parseArgs } from "node:util";
import { optionProblem } from "../base/option-problem.ts";
import type { CallerMount, SandboxOptions, ToolCall } from "../sandbox/index.ts";
import { parseTrace, type TraceCommand, withBareTrace } from "./trace.ts";
import { parseCount, parseDuration, parseSize } from "./units.ts";
import { UsageError } from "./usage-error.ts";

/** What `ztl run` was asked to do. */
export interface RunCommand {
  readonly call: ToolCall;
  readonly options: SandboxOptions;
  /** Standard input is to be read and given to the guest, or holds the Python code. */
  readonly stdin: "none" | "input" | "code";
  readonly json: boolean;
  readonly raw: boolean;
  readonly quiet: boolean;
  readonly trace: TraceCommand;
}

const OPTIONS = {
  python: { type: "string" },
  "python-program": { type: "string" },
  shell: { type: "string" },
  mount: { type: "string", multiple: true },
  env: { type: "string", multiple: true },
  cwd: { type: "string" },
  stdin: { type: "boolean", short: "i" },
  timeout: { type: "string" },
  "cpu-time": { type: "string" },
  memory: { type: "string" },
  processes: { type: "string" },
  "open-files": { type: "string" },
  "max-changes": { type: "string" },
  "max-output": { type: "string" },
  trace: { type: "string" },
  "trace-calls": { type: "string" },
  stats: { type: "boolean" },
  json: { type: "boolean" },
  raw: { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>["values"];

/** Where a script that is in no mount is shown to the guest: a directory of its own, as it leads `sys.path`. */
const SCRIPT_DIRECTORY = "/run/ztl/script";

/** Parses the arguments after `run`. Throws {@link UsageError}. */
export function parseRunArguments(args: readonly string[]): RunCommand {
  // Everything after `--` is the guest's, whatever it looks like.
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const command = end < 0 ? [] : args.slice(end + 1);
  const { values, positionals } = parseOwn(own);
  if (positionals.length > 0) throw new UsageError(`put -- before the program: ztl run -- ${positionals.join(" ")}`);
  const mounts = (values.mount ?? []).map(parseMount);
  const { call, stdin, extraMounts } = parseTool(values, command, mounts);
  return {
    call: {
      ...call,
      env: Object.fromEntries((values.env ?? []).map(parseVariable)),
      ...(values.cwd !== undefined && { cwd: values.cwd }),
    },
    options: {
      mounts: [...mounts, ...extraMounts],
      limits: parseLimits(values),
      cells: 1,
      ...parsePythonProgram(values),
    },
    stdin,
    json: values.json ?? false,
    raw: values.raw ?? false,
    quiet: values.quiet ?? false,
    trace: parseTrace(values),
  };
}

function parseOwn(args: readonly string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: withBareTrace(args), options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // The options of a program that stands without -- before it.
    if (args[0]?.startsWith("-") === false)
      throw new UsageError(`put -- before the program: ztl run -- ${args.join(" ")}`);
    throw new UsageError(optionProblem(error, OPTIONS));
  }
}

function parseLimits(values: Values): NonNullable<SandboxOptions["limits"]> {
  return {
    ...(values.timeout !== undefined && { wallMs: parseDuration("timeout", values.timeout) }),
    ...(values["cpu-time"] !== undefined && { cpuMs: parseDuration("cpu-time", values["cpu-time"]) }),
    ...(values.memory !== undefined && { memoryBytes: parseSize("memory", values.memory) }),
    ...(values.processes !== undefined && { processes: parseCount("processes", values.processes) }),
    ...(values["open-files"] !== undefined && { openFiles: parseCount("open-files", values["open-files"]) }),
    ...(values["max-changes"] !== undefined && { overlayBytes: parseSize("max-changes", values["max-changes"]) }),
    ...(values["max-output"] !== undefined && { outputBytes: parseSize("max-output", values["max-output"]) }),
  };
}

function parsePythonProgram({ "python-program": program }: Values): Pick<SandboxOptions, "python"> {
  if (program === undefined) return {};
  if (program === "") throw new UsageError("--python-program takes the path of an interpreter");
  return { python: { program } };
}

interface ParsedTool {
  readonly call: ToolCall;
  readonly stdin: RunCommand["stdin"];
  readonly extraMounts: readonly CallerMount[];
}

function parseTool(values: Values, command: readonly string[], mounts: readonly CallerMount[]): ParsedTool {
  if (values.python !== undefined && values.shell !== undefined)
    throw new UsageError("give one of --python and --shell");
  const stdin = values.stdin === true ? "input" : "none";
  if (values.python !== undefined) return parsePython(values.python, command, mounts, stdin);
  if (values.shell !== undefined)
    return { call: { tool: "shell", code: values.shell, args: [...command] }, stdin, extraMounts: [] };
  const [program, ...args] = command;
  if (program === undefined) throw new UsageError("nothing to run: give -- PROGRAM, --python or --shell");
  return { call: { tool: "exec", program, args }, stdin, extraMounts: [] };
}

/** An argument that names a file of this host is a script; anything else is code. */
function parsePython(
  value: string,
  args: readonly string[],
  mounts: readonly CallerMount[],
  stdin: RunCommand["stdin"],
): ParsedTool {
  if (value === "-") {
    if (stdin === "input")
      throw new UsageError("--python - reads its code from standard input, which leaves nothing for --stdin");
    return { call: { tool: "python", code: "", args: [...args] }, stdin: "code", extraMounts: [] };
  }
  if (!isFile(value)) return { call: { tool: "python", code: value, args: [...args] }, stdin, extraMounts: [] };
  const mounted = guestPathOf(value, mounts);
  if (mounted !== undefined)
    return { call: { tool: "python", file: mounted, args: [...args] }, stdin, extraMounts: [] };
  const guest = `${SCRIPT_DIRECTORY}/${basename(value)}`;
  const script: CallerMount = { kind: "file", guest, content: new Uint8Array(readFileSync(value)) };
  return { call: { tool: "python", file: guest, args: [...args] }, stdin, extraMounts: [script] };
}

function isFile(value: string): boolean {
  // Longer than PATH_MAX or with a NUL it is no path, and statSync would throw.
  if (value.length > 4096 || value.includes("\0")) return false;
  try {
    return statSync(value).isFile();
  } catch {
    return false;
  }
}

/** Where a mount shows this host file to the guest. */
function guestPathOf(hostFile: string, mounts: readonly CallerMount[]): string | undefined {
  const real = realpathSync(hostFile);
  for (const mount of mounts) {
    if (mount.kind !== "ro" && mount.kind !== "overlay") continue;
    const below = relative(realpathSync(mount.host), real);
    if (below === "") return mount.guest;
    if (!below.startsWith("..") && !isAbsolute(below))
      return mount.guest === "/" ? `/${below}` : `${mount.guest}/${below}`;
  }
  return undefined;
}

function parseMount(text: string): CallerMount {
  const [, host, guest, mode] = /^(.+?):(\/[^:]*)(?::(ro|overlay))?$/.exec(text) ?? [];
  if (host === undefined || guest === undefined) {
    throw new UsageError(
      `--mount takes HOST:GUEST, HOST:GUEST:ro or HOST:GUEST:overlay, with GUEST absolute, not ${JSON.stringify(text)}`,
    );
  }
  const trimmed = guest.length > 1 ? guest.replace(/\/+$/, "") : guest;
  // A single file has no directory to lay an overlay over.
  if (mode === undefined && isFile(host)) return { kind: "ro", host, guest: trimmed };
  return { kind: mode === "ro" ? "ro" : "overlay", host, guest: trimmed };
}

function parseVariable(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  const value = equals < 0 ? process.env[text] : undefined;
  if (value === undefined)
    throw new UsageError(`--env takes NAME=VALUE, or the NAME of a variable that is set: ${JSON.stringify(text)}`);
  return [text, value];
}
