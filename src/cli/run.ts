import { terminalLine, terminalOutput } from "../base/text/index.ts";
import { type RunResult, Sandbox, type SandboxEvent, tellSkipped } from "../sandbox/index.ts";
import { exitStatusOf } from "./exit-status.ts";
import { RUN_HELP } from "./help.ts";
import { readStdin, writeAll, writeText } from "./output.ts";
import { explain, summarise, toJsonText } from "./report.ts";
import { parseRunArguments, type RunCommand } from "./run-arguments.ts";
import { statsText, withTrace } from "./trace.ts";

/** `ztl run`: one call in a sandbox of its own. Returns the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  const before = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (before.includes("--help") || before.includes("-h")) {
    await writeAll(process.stdout, RUN_HELP);
    return 0;
  }
  const command = parseRunArguments(args);
  const result = await execute(await withStdin(command));
  await print(result, command);
  return exitStatusOf(result);
}

async function withStdin(command: RunCommand): Promise<RunCommand> {
  if (command.stdin === "none") return command;
  const bytes = await readStdin();
  if (command.stdin === "input") return { ...command, call: { ...command.call, stdin: bytes } };
  return {
    ...command,
    call: { ...command.call, tool: "python", code: Buffer.from(bytes).toString("utf8") } as RunCommand["call"],
  };
}

async function execute(command: RunCommand): Promise<RunResult> {
  const cancellation = new AbortController();
  const cancel = (): void => cancellation.abort();
  process.once("SIGINT", cancel).once("SIGTERM", cancel);
  // Not `await using`: Node 22 runs this file as it stands and does not know it.
  const sandbox = await Sandbox.open({ ...command.options, onEvent: tell });
  try {
    const { signal } = cancellation;
    return await withTrace(command.trace, (trace) => sandbox.run(command.call, { signal, trace }));
  } finally {
    process.off("SIGINT", cancel).off("SIGTERM", cancel);
    await sandbox.close();
  }
}

/** A template that is out of date is an ordinary thing; one that was tampered with is not. */
function tell(event: SandboxEvent): void {
  if (event.type === "python-passed-over")
    writeText(process.stderr, `ztl: not used: ${terminalLine(`${tellSkipped(event)}; ${event.remedy}`)}\n`);
  if (event.type === "cache-unavailable")
    writeText(
      process.stderr,
      `ztl: nothing is kept for the next start: ${terminalLine(event.message)}; ${event.remedy}\n`,
    );
  if (event.type !== "template-refused" || event.code === "template-stale") return;
  writeText(process.stderr, `ztl: ${terminalLine(event.message)} [${terminalLine(event.code)}]; building it again\n`);
}

async function print(result: RunResult, command: RunCommand): Promise<void> {
  if (command.json) {
    await writeAll(process.stdout, `${toJsonText(result)}\n`);
    return;
  }
  const shown = (bytes: Uint8Array, text: () => string, stream: NodeJS.WriteStream): Promise<void> =>
    writeAll(stream, stream.isTTY && !command.raw ? terminalOutput(text()) : bytes);
  await shown(result.stdout, () => result.stdoutText, process.stdout);
  await shown(result.stderr, () => result.stderrText, process.stderr);
  await writeAll(process.stderr, explain(result) + statsText(result.diagnostics));
  if (process.stderr.isTTY && !command.quiet) await writeAll(process.stderr, summarise(result.changes));
}
