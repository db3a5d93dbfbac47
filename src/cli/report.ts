import { terminalJson, terminalLine } from "../base/text/index.ts";
import type { ChangedFile, RunResult } from "../sandbox/index.ts";
import { unknownText } from "./trace.ts";

/** Lines of the summary before it is cut. */
const SUMMARY_LINES = 20;
const MARKS = { add: "+", modify: "~", delete: "-" } as const;

/** The object `ztl run --json` prints. Output that is not UTF-8 is given in base64 beside the text. */
export function toJson(run: RunResult): Record<string, unknown> {
  const { stdout, stderr, changes, timingsMs, reads, diagnostics, stdoutText, stderrText, ...ending } = run;
  return {
    ...ending,
    stdout: stdoutText,
    ...(isExact(stdoutText, stdout) ? {} : { stdoutBase64: Buffer.from(stdout).toString("base64") }),
    stderr: stderrText,
    ...(isExact(stderrText, stderr) ? {} : { stderrBase64: Buffer.from(stderr).toString("base64") }),
    timingsMs,
    changes: changes.map(changeToJson),
    reads,
    diagnostics,
  };
}

/** The same as text, in which nothing acts on a terminal. */
export function toJsonText(run: RunResult): string {
  return terminalJson(toJson(run));
}

function isExact(text: string, bytes: Uint8Array): boolean {
  return Buffer.from(text, "utf8").equals(bytes);
}

/** Without the content: `newSha256` and `sizeBytes` tell what it is. */
function changeToJson({ content: _, pathBytes, ...change }: ChangedFile): Record<string, unknown> {
  return { ...change, ...(pathBytes && { pathBase64: Buffer.from(pathBytes).toString("base64") }) };
}

/** What the run would have changed, for people. Empty when nothing. */
export function summarise(changes: readonly ChangedFile[]): string {
  if (changes.length === 0) return "";
  const lines = changes.slice(0, SUMMARY_LINES).map((change) => {
    const size = change.sizeBytes === undefined || change.fileType !== "file" ? "" : ` (${change.sizeBytes} bytes)`;
    return `  ${MARKS[change.kind]} ${terminalLine(change.path)}${change.fileType === "directory" ? "/" : ""}${size}`;
  });
  const more = changes.length - lines.length;
  if (more > 0) lines.push(`  … and ${more} more`);
  const what = changes.length === 1 ? "1 change stayed" : `${changes.length} changes stayed`;
  return `ztl: ${what} in the micro-VM and ${changes.length === 1 ? "was" : "were"} dropped:\n${lines.join("\n")}\n`;
}

/** Why a run did not end by itself, and what ztl may have had to do with a failure. Empty when it ended well. */
export function explain(run: RunResult): string {
  switch (run.status) {
    case "ok":
      return "";
    case "failed":
      return unknownText(run.diagnostics);
    case "signaled":
      return `ztl: killed by ${terminalLine(run.signal)}\n${unknownText(run.diagnostics)}`;
    case "limit":
      return limitLine(run.limit);
    case "cancelled":
      return "ztl: cancelled\n";
    case "error":
      return `ztl: ${terminalLine(run.error.message)} [${terminalLine(run.error.code)}]\n`;
  }
}

function limitLine(limit: Extract<RunResult, { status: "limit" }>["limit"]): string {
  if (limit === "names")
    return "ztl: more names, or longer ones, than a change set may list; so no changes are shown\n";
  return `ztl: the ${LIMITS[limit].name} limit was reached; ${LIMITS[limit].option} sets it\n`;
}

const LIMITS = {
  wall: { name: "time", option: "--timeout" },
  cpu: { name: "CPU time", option: "--cpu-time" },
  memory: { name: "memory", option: "--memory" },
  processes: { name: "processes", option: "--processes" },
  files: { name: "open files", option: "--open-files" },
  overlay: { name: "written bytes", option: "--max-changes" },
  output: { name: "output", option: "--max-output" },
} as const;
