/** From what happens in ordinary files to what has no honest reason to be in a tool's output. */
export const SEVERITIES = Object.freeze(["info", "low", "medium", "high", "critical"] as const);
export type Severity = (typeof SEVERITIES)[number];

export type Family =
  | "chat-template"
  | "agent-loop"
  | "langchain"
  | "llamaindex"
  | "autogen"
  | "crewai"
  | "semantic-kernel"
  | "guidance"
  | "dspy"
  | "harness"
  | "a2a"
  | "tool-call"
  | "mcp"
  | "terminal"
  | "unicode"
  | "exfiltration"
  | "command"
  | "secret"
  | "own"
  | "limit"
  | "model";

/** One encoding that had to be undone before the finding became visible. */
export type Decoding =
  | "invalid-utf8"
  | "overlong-utf8"
  | "control-character"
  | "terminal-sequence"
  | "invisible"
  | "compatibility"
  | "confusable"
  | "html-entity"
  | "percent"
  | "escape"
  | "base64"
  | "hex"
  | "unicode-tags"
  | "variation-selectors";

/** One thing the scanner saw. */
export interface Finding {
  readonly rule: string;
  readonly family: Family;
  readonly severity: Severity;
  /** Offsets in the original bytes, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** What was undone, outermost first; empty when the bytes say it plainly. */
  readonly path: readonly Decoding[];
  /** What was seen, decoded, with what is hidden in it spelled out (`base/text`). For people; never for a model. */
  readonly excerpt: string;
  /** Short and sanitised: contains nothing of the content, so it may be told to a model. */
  readonly reason: string;
}

export type GuardDecision = "admit" | "flag" | "block";

/** What the guard decided about one content, and under which rules. */
export interface Verdict {
  readonly decision: GuardDecision;
  readonly findings: readonly Finding[];
  /** `info` findings beyond the number kept. */
  readonly unlisted: number;
  readonly contentSha256: string;
  readonly contentBytes: number;
  readonly ruleSetHash: string;
}

export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function atLeast(severity: Severity, least: Severity): boolean {
  return severityRank(severity) >= severityRank(least);
}
