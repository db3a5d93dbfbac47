import { type ErrnoName, fail } from "../errno.ts";
import type { SyscallHandler } from "./call.ts";

/** How far we answer a system call as Linux does: what docs/compatibility.md tells, and a trace of the calls that are refused. */
export type Standing =
  | { readonly kind: "implemented" }
  /** Programs get on with it, but for what the note says. */
  | { readonly kind: "partial"; readonly note: string }
  /** Always this errno. */
  | { readonly kind: "refused"; readonly errno: ErrnoName; readonly why: string };

/** What a table holds for a call that is not simply implemented. */
export interface Described {
  readonly handler: SyscallHandler;
  readonly standing: Standing;
}

/** An entry for a call of which something is missing. */
export function partial(note: string, handler: SyscallHandler): Described {
  return { handler, standing: { kind: "partial", note } };
}

/** An entry for a call that always fails, with the errno by which programs know what to do without it. */
export function refused(errno: ErrnoName, why: string): Described {
  return { handler: () => fail(errno), standing: { kind: "refused", errno, why } };
}
