import { readFileSync } from "node:fs";
import { PACKAGE_ROOT } from "../base/package-root.ts";
import { parseJson } from "../base/strict-json.ts";
import { suggestion } from "../base/suggestion.ts";
import { repainted, terminalLine, terminalLines } from "../base/text/index.ts";
import { ZtlError } from "../errors.ts";
import { ExitStatus } from "./exit-status.ts";
import { COMMANDS, HELP } from "./help.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Runs the command line and sets the process's exit status; the launcher in bin/ calls this. */
export async function main(args: readonly string[]): Promise<void> {
  // Each write hears of its own failure (output.ts); the event would end the process before it has set its status.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    process.exitCode = await dispatch(args);
  } catch (error) {
    process.exitCode = ExitStatus.failure;
    await writeAll(process.stderr, describe(error, args[0]));
  }
}

type Command = (args: readonly string[]) => Promise<number>;

/** Each is loaded when it is asked for. */
const BY_NAME: Readonly<Record<string, Command>> = {
  run: async (args) => (await import("./run.ts")).run(args),
  demo: async (args) => (await import("../../examples/demo/index.ts")).demo(args),
  review: async (args) => (await import("./review.ts")).review(args),
  approve: decide("approve"),
  reject: decide("reject"),
  revoke: decide("revoke"),
  undo: decide("undo"),
  redo: decide("redo"),
  rebase: async (args) => (await import("./rebase.ts")).rebase(args),
  reviewer: async (args) => (await import("./reviewer.ts")).reviewer(args),
  breaker: async (args) => (await import("./breaker.ts")).breaker(args),
  serve: async (args) => (await import("./serve.ts")).serve(args),
  ledger: async (args) => (await import("./ledger.ts")).ledger(args),
  runs: async (args) => (await import("./runs.ts")).runs(args),
  export: async (args) => (await import("./export.ts")).exportCase(args),
  timeline: async (args) => (await import("./timeline.ts")).timeline(args),
  show: async (args) => (await import("./show.ts")).show(args),
  replay: async (args) => (await import("./show.ts")).replay(args),
  doctor: async (args) => (await import("./doctor.ts")).doctor(args),
  policy: async (args) => (await import("./policy.ts")).policy(args),
  guard: async (args) => (await import("./guard.ts")).guard(args),
  monitor: async (args) => (await import("./monitor.ts")).monitor(args),
  proxy: async (args) => (await import("./proxy.ts")).proxy(args),
};

function decide(verb: "approve" | "reject" | "revoke" | "undo" | "redo"): Command {
  return async (args) => (await import("./decide.ts")).decide(verb, args);
}

async function dispatch([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case "version":
    case "--version":
    case "-v":
    case "-V":
      await writeAll(process.stdout, `${version()}\n`);
      return 0;
    case "help":
    case "--help":
    case "-h":
      if (command === "help" && rest[0] !== "help" && isCommand(rest[0]))
        return dispatch([...rest.slice(0, 1), "--help"]);
      await writeAll(process.stdout, HELP);
      return 0;
    case undefined:
      await writeAll(process.stderr, HELP);
      return ExitStatus.failure;
    default: {
      const run = Object.hasOwn(BY_NAME, command) ? BY_NAME[command] : undefined;
      if (run !== undefined) return run(rest);
      throw new UsageError(`there is no command ${JSON.stringify(command)}${guess(command)}`);
    }
  }
}

function isCommand(word: string | undefined): boolean {
  return COMMANDS.some((one) => one === word);
}

/** The command that was probably meant; or how to run what is none of ours. */
function guess(command: string): string {
  if (command.startsWith("-")) return suggestion(command, ["--help", "--version"]);
  const begun = COMMANDS.filter((one) => command.length > 1 && one.startsWith(command));
  const near = suggestion(command, COMMANDS) || (begun.length === 1 ? `; did you mean "${begun[0]}"?` : "");
  return near === "" ? `; to run a program: ztl run -- ${command}` : near;
}

function version(): string {
  const { version } = parseJson(readFileSync(new URL("package.json", PACKAGE_ROOT)), {
    bytesMax: 1 << 20,
    depthMax: 16,
  }) as {
    version: string;
  };
  return version;
}

/** Messages quote names that somebody else chose: each stays on its line, and further lines are indented below ours. */
function describe(error: unknown, command: string | undefined): string {
  if (error instanceof UsageError) {
    const help = isCommand(command) && command !== "help" && command !== "version" ? `ztl ${command}` : "ztl";
    return `ztl: ${terminalLine(error.message)}\n     ${help} --help explains.\n`;
  }
  if (ZtlError.isInstance(error)) {
    const { remedy } = error.details;
    const advice = typeof remedy === "string" ? `     ${terminalLine(remedy)}\n` : "";
    return `ztl: ${messageOf(error)} [${terminalLine(error.code)}]\n${advice}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `ztl: unexpected failure: ${terminalLines(text).replaceAll("\n", "\n     ")}\n`;
}

/** One line for each problem of a configuration, which were painted when they were put into it; one line for all others. */
function messageOf({ code, message }: ZtlError): string {
  return code === "config-invalid" ? message.split("\n").map(repainted).join("\n") : terminalLine(message);
}
