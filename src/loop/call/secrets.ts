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
}

/** Masks the secrets of a text, and keeps it as it was for people. A tool may be configured to hand its secrets on. */
export function withoutSecrets(
  { originals }: Pick<LoopParts, "originals">,
  { scope }: Pick<Call, "scope">,
  tool: Pick<ToolConfig, "onSecret"> | undefined,
  text: { readonly name: OriginalName; readonly bytes: Uint8Array },
): WithoutSecrets {
  if (tool?.onSecret === "pass") return { bytes: text.bytes, kinds: [] };
  const { bytes, secrets } = maskSecrets(text.bytes);
  if (secrets.length === 0) return { bytes: text.bytes, kinds: [] };
  originals.keep(scope.runId, text.name, text.bytes);
  return { bytes, kinds: [...new Set(secrets.map(({ rule }) => rule.slice(rule.indexOf(".") + 1)))] };
}

/** A run without the secrets of what it printed, and a note that says so, if it printed any. */
export function runWithoutSecrets(
  parts: Pick<LoopParts, "originals">,
  call: Pick<Call, "scope">,
  tool: Pick<ToolConfig, "onSecret">,
  run: RunResult,
): { readonly run: RunResult; readonly notes: readonly string[] } {
  const out = withoutSecrets(parts, call, tool, { name: "stdout", bytes: run.stdout });
  const err = withoutSecrets(parts, call, tool, { name: "stderr", bytes: run.stderr });
  const notes = noteOf([...out.kinds, ...err.kinds]);
  if (notes.length === 0) return { run, notes };
  const [stdout, stderr] = [out.bytes, err.bytes];
  return { run: { ...run, stdout, stderr, stdoutText: utf8(stdout), stderrText: utf8(stderr) }, notes };
}

/** A line for the model: that something is missing, and that a person can see it. */
export function noteOf(kinds: readonly string[]): string[] {
  const named = [...new Set(kinds)];
  if (named.length === 0) return [];
  const more = named.length > NAMED_MAX ? ` and ${named.length - NAMED_MAX} more kinds` : "";
  return [`secrets in it are masked; a person can see them: ${named.slice(0, NAMED_MAX).join(", ")}${more}`];
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
