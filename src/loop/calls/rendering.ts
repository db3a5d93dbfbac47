import { characterStart } from "../../base/utf8.ts";
import type { ChangedFile, RunResult } from "../../sandbox/index.ts";
import { NAMES_FOR_MODEL_MAX } from "../limits.ts";

/**
 * A run as the text a model is given: standard output as it is, then what else there is to know, each under a heading of
 * ours. This text is what the guard scans and what an admission is bound to; nothing is cut before it was scanned.
 */
export function renderRun(run: RunResult): string {
  const parts = [run.stdoutText];
  if (run.stderr.length > 0) parts.push(`[standard error]\n${run.stderrText}`);
  const ending = describeEnding(run);
  if (ending !== undefined) parts.push(`[${ending}]`);
  if (run.changes.length > 0) parts.push(describeChanges(run.changes));
  return joinLines(parts.filter((part) => part !== ""));
}

/** Undefined for the ordinary ending. */
export function describeEnding(run: RunResult): string | undefined {
  switch (run.status) {
    case "ok":
      return undefined;
    case "failed":
      return `exit status ${run.exitCode}`;
    case "signaled":
      return `killed by ${run.signal}`;
    case "limit":
      return `ended by its ${run.limit} limit`;
    case "cancelled":
      return "cancelled";
    case "error":
      return `did not run: ${run.error.message}`;
  }
}

const MARKS = { add: "+", modify: "~", delete: "-" } as const;

/** JSON strings: a name with a line break cannot pass for two, nor for a line of ours. */
function describeChanges(changes: readonly ChangedFile[]): string {
  const lines = changes.slice(0, NAMES_FOR_MODEL_MAX).map(({ kind, path }) => `${MARKS[kind]} ${JSON.stringify(path)}`);
  const more = changes.length - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  return `[changed files; nothing is written before a person approves it]\n${lines.join("\n")}`;
}

function joinLines(parts: readonly string[]): string {
  return parts.map((part, index) => (index < parts.length - 1 && !part.endsWith("\n") ? `${part}\n` : part)).join("");
}

/** Head and tail of a text that is longer than a model shall get, with a line between that says so. */
export function shorten(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= bytesMax) return text;
  const headBytes = Math.floor(bytesMax * 0.6);
  const head = bytes.subarray(0, characterStart(bytes, headBytes)).toString("utf8");
  const from = characterStart(bytes, bytes.length - (bytesMax - headBytes));
  const omitted = from - Buffer.byteLength(head);
  return `${head}\n[${omitted} of ${bytes.length} bytes are left out here]\n${bytes.subarray(from).toString("utf8")}`;
}
