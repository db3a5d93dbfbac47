import type { EgressRecord } from "../egress/index.ts";
import type { Change } from "../linux/index.ts";
import type { LimitName } from "../linux/limits.ts";
import type { Isolation } from "./isolation.ts";

/** How one tool call went. Expected endings are values; only a misuse of the API throws. */
export type RunResult = RunEnding & RunFacts;

export type RunEnding =
  /** Exited with status 0. */
  | { readonly status: "ok"; readonly exitCode: 0 }
  /** Exited with another status. */
  | { readonly status: "failed"; readonly exitCode: number }
  /** Killed by a signal; `exitCode` is 128 + its number, as a shell reports it. */
  | { readonly status: "signaled"; readonly exitCode: number; readonly signal: string; readonly signalNumber: number }
  /** Ended because it used up a limit; what it had written until then is in the result. */
  | { readonly status: "limit"; readonly exitCode: null; readonly limit: LimitName }
  /** Ended by the caller's AbortSignal. */
  | { readonly status: "cancelled"; readonly exitCode: null }
  /** The program did not run, or the cell was lost; `error.code` is stable. */
  | {
      readonly status: "error";
      readonly exitCode: null;
      readonly error: { readonly code: string; readonly message: string };
    };

export interface RunFacts {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** The same decoded as UTF-8, with U+FFFD for what is not. */
  readonly stdoutText: string;
  readonly stderrText: string;
  readonly timingsMs: RunTimings;
  /** Host files whose content the guest read. */
  readonly reads: readonly ReadFile[];
  /** What the run would change on the host, were it applied: nothing is. */
  readonly changes: readonly ChangedFile[];
  readonly diagnostics: Diagnostics;
  /** Equal keys mean the same snapshot to start from; absent when nothing was started. */
  readonly templateKey: string | undefined;
  /** The walls that stood around the cell's process; absent when nothing was started. */
  readonly isolation: Isolation | undefined;
  /** The connections that the run made or was refused, as the host saw them; without `egress` in its options none. */
  readonly egress: readonly EgressRecord[];
}

export interface RunTimings {
  /** Waiting for a free cell. */
  readonly queue: number;
  /** From the call to the guest's first instruction, `queue` included. */
  readonly start: number;
  /** From the first instruction to the end of the guest. */
  readonly run: number;
  /** Bringing the micro-VM back to its snapshot; done before the result was sent. */
  readonly rollback: number;
  /** From the call to the result. */
  readonly total: number;
}

export interface ReadFile {
  /** Where the guest saw it. */
  readonly path: string;
  readonly hostPath: string;
  readonly sizeBytes: number;
  /** Hash of the content: of all of it, or of the `parts`. Absent when `unhashed` says why. */
  readonly sha256: string | undefined;
  /** For a large file that was not read completely: offset and length, in turn, of what was, in whole pages or more. */
  readonly parts?: readonly number[];
  /** The file could not be read any more, or hashing would have held up the result. */
  readonly unhashed?: "unreadable" | "out-of-time";
  /** True when the host changed the file during the run: the guest may have seen another content. */
  readonly changedDuringRun: boolean;
  /** The content was that of the run's layer: the host may have another, or no such file. */
  readonly fromLayer?: true;
}

/** A change as the personality reports it, with text for its paths. */
export interface ChangedFile
  extends Omit<Change, "content" | "mtimeNs" | "path" | "renamedFrom" | "linkOf" | "symlinkTarget"> {
  /** Guest path; for a name that is not UTF-8, `pathBytes` has the exact bytes. */
  readonly path: string;
  readonly pathBytes?: Uint8Array;
  /** The same for the other names. */
  readonly renamedFrom?: string;
  readonly linkOf?: string;
  readonly symlinkTarget?: string;
  readonly renamedFromBytes?: Uint8Array;
  readonly linkOfBytes?: Uint8Array;
  readonly symlinkTargetBytes?: Uint8Array;
  /** When it was last modified, in nanoseconds since 1970 (decimal digits, so that a result can be written as JSON). */
  readonly mtimeNs?: string;
  /** The new content of a file, when it changed and contents were asked for. */
  readonly content?: Uint8Array;
}

export interface Diagnostics {
  /** System calls the personality does not know, by name, with how often they were made (answered ENOSYS). */
  readonly unknownSyscalls: Readonly<Record<string, number>>;
  /** Network addresses and names the guest tried to reach without a grant, with how often; every attempt was refused. */
  readonly egressAttempts: Readonly<Record<string, number>>;
  /** Visits to the virtual machine monitor that the guest's own doing made necessary. */
  readonly exits: number;
  readonly syscalls: number;
  readonly peakMemoryBytes: number;
  /** Why a run that was to be repeatable is not, in a sentence. */
  readonly notRepeatable?: string;
  /**
   * Files that the run wrote outside its overlays (`/tmp`, the home directory), which are gone with it: the first ten, and how many of
   * the first thousand names there are such files. Absent when it left none.
   */
  readonly vanished?: { readonly paths: readonly string[]; readonly files: number };
  /** With `stats`: what was asked of the guest's Linux, and what that took. */
  readonly stats?: CallStats;
  /** With `trace`: calls that came after as many as a trace may have. */
  readonly untraced?: number;
}

export interface CallStats {
  /** By the name of the call. */
  readonly calls: Readonly<Record<string, CallCount>>;
  /** Page faults that were answered. */
  readonly faults: number;
  /** How often the processor was given to another thread. */
  readonly switches: number;
}

export interface CallCount {
  readonly count: number;
  /** How many of them failed with an errno. */
  readonly errors: number;
  /** What answering them took, pauses not included. */
  readonly timeMs: number;
}

const decoder = new TextDecoder();

/** A result; the texts are decoded when first asked for. */
export function makeResult(ending: RunEnding, facts: Omit<RunFacts, "stdoutText" | "stderrText">): RunResult {
  let stdoutText: string | undefined;
  let stderrText: string | undefined;
  return {
    ...ending,
    ...facts,
    get stdoutText(): string {
      stdoutText ??= decoder.decode(facts.stdout);
      return stdoutText;
    },
    get stderrText(): string {
      stderrText ??= decoder.decode(facts.stderr);
      return stderrText;
    },
  };
}

export const NO_DIAGNOSTICS: Omit<Diagnostics, "vanished"> = {
  unknownSyscalls: {},
  egressAttempts: {},
  exits: 0,
  syscalls: 0,
  peakMemoryBytes: 0,
};

/** A result for a call that never reached a guest, or whose cell was lost; of that its connections are known. */
export function unstarted(ending: RunEnding, waitedMs: number, egress: readonly EgressRecord[] = []): RunResult {
  const timingsMs = { queue: waitedMs, start: waitedMs, run: 0, rollback: 0, total: waitedMs };
  const empty = new Uint8Array(0);
  return makeResult(ending, {
    stdout: empty,
    stderr: empty,
    timingsMs,
    reads: [],
    changes: [],
    diagnostics: NO_DIAGNOSTICS,
    templateKey: undefined,
    isolation: undefined,
    egress,
  });
}
