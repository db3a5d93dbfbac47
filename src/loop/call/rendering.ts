import type { ChangedFile, RunResult } from "../../sandbox/index.ts";
import { NAMES_FOR_MODEL_MAX } from "../limits.ts";
import type { Framed } from "./frame.ts";

/** A run as a model is told of it: what it printed, and what else there is to know. */
export function renderRun(run: RunResult, tool: string): Framed {
  const ending = describeEnding(run);
  return {
    sections: [
      { heading: `output of ${tool}`, text: run.stdoutText },
      ...(run.stderr.length > 0 ? [{ heading: "standard error", text: run.stderrText }] : []),
    ],
    notes: ending === undefined ? [] : [ending],
  };
}

/** A model that wrote to /tmp would look for it in its next call. The names are the guest's choice. */
export function describeVanished({ vanished }: Pick<RunResult["diagnostics"], "vanished">): string | undefined {
  if (vanished === undefined) return undefined;
  const { paths, files } = vanished;
  const names = paths.map((path) => JSON.stringify(path)).join(", ");
  const unnamed = files - paths.length;
  const more = unnamed > 0 ? ` and ${unnamed} more` : "";
  const what = paths.length > 0 ? `${names}${more}` : `${files} ${files === 1 ? "file" : "files"} with long names`;
  return `not kept, as it is outside the workspace: ${what}`;
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

/** JSON strings: a name with a line break cannot pass for two, nor for a line of ours. The names are the guest's choice. */
export function describeChanges(changes: readonly Pick<ChangedFile, "kind" | "path">[]): string | undefined {
  if (changes.length === 0) return undefined;
  const lines = changes.slice(0, NAMES_FOR_MODEL_MAX).map(({ kind, path }) => `${MARKS[kind]} ${JSON.stringify(path)}`);
  const more = changes.length - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  return `changed files; the host's are not written before a person approves it\n${lines.join("\n")}\n`;
}
