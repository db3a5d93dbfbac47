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

async function dispatch([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case "run":
      return (await import("./run.ts")).run(rest);
    case "demo":
      return (await import("../../examples/demo/index.ts")).demo(rest);
    case "review":
      return (await import("./review.ts")).review(rest);
    case "approve":
    case "reject":
    case "revoke":
    case "undo":
    case "redo":
      return (await import("./decide.ts")).decide(command, rest);
    case "rebase":
      return (await import("./rebase.ts")).rebase(rest);
    case "reviewer":
      return (await import("./reviewer.ts")).reviewer(rest);
    case "breaker":
      return (await import("./breaker.ts")).breaker(rest);
    case "serve":
      return (await import("./serve.ts")).serve(rest);
    case "ledger":
      return (await import("./ledger.ts")).ledger(rest);
    case "runs":
      return (await import("./runs.ts")).runs(rest);
    case "export":
      return (await import("./export.ts")).exportCase(rest);
    case "timeline":
      return (await import("./timeline.ts")).timeline(rest);
    case "show":
      return (await import("./show.ts")).show(rest);
    case "replay":
      return (await import("./show.ts")).replay(rest);
    case "doctor":
      return (await import("./doctor.ts")).doctor(rest);
    case "policy":
      return (await import("./policy.ts")).policy(rest);
    case "guard":
      return (await import("./guard.ts")).guard(rest);
    case "monitor":
      return (await import("./monitor.ts")).monitor(rest);
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
    default:
      throw new UsageError(`there is no command ${JSON.stringify(command)}${guess(command)}`);
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
