import type { RunResult } from "../sandbox/index.ts";

/** Exit statuses of `ztl run` besides the guest's own; those of timeout(1) and env(1), so scripts know them already. */
export const ExitStatus = {
  /** A limit ended the run. */
  limit: 124,
  /** ztl itself failed, or was called wrongly. */
  failure: 125,
  /** The program exists but cannot be run. */
  notExecutable: 126,
  notFound: 127,
  /** Cancelled with Ctrl-C (128 + SIGINT). */
  cancelled: 130,
} as const;

const NOT_EXECUTABLE = new Set(["program-not-executable", "program-invalid", "is-a-directory", "arguments-too-long"]);

/** The guest's exit status where it has one, 128 + n for a signal as a shell has it, else one of {@link ExitStatus}. */
export function exitStatusOf(run: RunResult): number {
  switch (run.status) {
    case "ok":
    case "failed":
    case "signaled":
      return run.exitCode;
    case "limit":
      return ExitStatus.limit;
    case "cancelled":
      return ExitStatus.cancelled;
    case "error":
      if (run.error.code === "program-not-found") return ExitStatus.notFound;
      return NOT_EXECUTABLE.has(run.error.code) ? ExitStatus.notExecutable : ExitStatus.failure;
  }
}
