import { defined } from "../../base/optional.ts";
import { maskSecrets } from "../../guard/index.ts";
import type { ToolConfig } from "../../policy/index.ts";
import type { RunResult } from "../../sandbox/index.ts";
import type { OriginalName } from "../gate/originals.ts";
import type { LoopParts } from "../parts.ts";
import type { Call } from "./call.ts";

/** Names listed in a note to the model. */
const NAMED_MAX = 8;

/** What goes on from here in place of a text that holds secrets: to the ledger, the guard, the model. */
export interface WithoutSecrets {
  readonly bytes: Uint8Array;
  /** The kinds of secrets that were masked. */
  readonly kinds: readonly string[];
  /** Whether a person can see the text as it was. */
  readonly isKept: boolean;
}

/** Masks the secrets of a text, and keeps it as it was for people. A tool may be configured to hand its secrets on. */
export function withoutSecrets(
  { originals, examiner }: Pick<LoopParts, "originals" | "examiner">,
  { scope }: Pick<Call, "scope">,
  tool: Pick<ToolConfig, "onSecret"> | undefined,
  text: { readonly name: OriginalName; readonly bytes: Uint8Array },
): WithoutSecrets {
  const asItIs = { bytes: text.bytes, kinds: [], isKept: true };
  // Secrets are among what the guard looks for, and most texts hold nothing of it.
  if (tool?.onSecret === "pass" || examiner.look(text.bytes).findings.length === 0) return asItIs;
  const { bytes, secrets, isWhole } = maskSecrets(text.bytes);
  if (secrets.length === 0 && !isWhole) return asItIs;
  const isKept = originals.keep(scope.runId, text.name, text.bytes);
  const kinds = [...new Set(secrets.map(({ rule }) => rule.slice(rule.indexOf(".") + 1)))];
  return { bytes, kinds: isWhole ? [`all of the ${text.name}, as it could not be looked through`] : kinds, isKept };
}

/** A run without the secrets of what it printed and of what is said of its failure, and a note that says so, if it printed any. */
export function runWithoutSecrets(
  parts: Pick<LoopParts, "originals" | "examiner">,
  call: Pick<Call, "scope">,
  tool: Pick<ToolConfig, "onSecret">,
  run: RunResult,
): { readonly run: RunResult; readonly notes: readonly string[] } {
  const out = withoutSecrets(parts, call, tool, { name: "stdout", bytes: run.stdout });
  const err = withoutSecrets(parts, call, tool, { name: "stderr", bytes: run.stderr });
  const told = run.status === "error" ? { ...run, error: errorWithoutSecrets(run.error) } : run;
  const notes = noteOf([out, err]);
  if (notes.length === 0) return { run: told, notes };
  const [stdout, stderr] = [out.bytes, err.bytes];
  return { run: { ...told, stdout, stderr, stdoutText: utf8(stdout), stderrText: utf8(stderr) }, notes };
}

/** An error of a tool, whatever it was made of: a driver's has the address that it could not reach, with the password in it. */
export function errorWithoutSecrets<E extends { readonly message: string; readonly remedy?: string }>(error: E): E {
  const { message, remedy } = error;
  return {
    ...error,
    message: sentenceWithoutSecrets(message),
    ...defined({ remedy: remedy && sentenceWithoutSecrets(remedy) }),
  };
}

/** A line of ours with words of others in it. */
export function sentenceWithoutSecrets(sentence: string): string {
  return utf8(maskSecrets(sentence).bytes);
}

/** A line for the model: that something is missing, and whether a person can see it. */
export function noteOf(masked: readonly Pick<WithoutSecrets, "kinds" | "isKept">[]): string[] {
  const named = [...new Set(masked.flatMap(({ kinds }) => kinds))];
  if (named.length === 0) return [];
  const more = named.length > NAMED_MAX ? ` and ${named.length - NAMED_MAX} more kinds` : "";
  const seen = masked.every(({ isKept }) => isKept) ? "a person can see them" : "they could not be kept for a person";
  return [`secrets in it are masked; ${seen}: ${named.slice(0, NAMED_MAX).join(", ")}${more}`];
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
