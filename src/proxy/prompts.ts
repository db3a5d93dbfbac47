import { isJsonObject, type Json } from "../base/json.ts";
import { sha256Hex } from "../base/sha256.ts";
import { parseJson } from "../base/strict-json.ts";
import { ZtlError } from "../errors.ts";
import { maskSecrets, type RuleSet, scan, type Verdict } from "../guard/index.ts";
import { type Edit, editJson } from "./json-edit.ts";
import { PROXY_LIMITS } from "./limits.ts";
import { RefusedError } from "./refusal.ts";
import { type ToolResult, type ToolText, toolResults } from "./tool-results.ts";
import type { Wire } from "./wires.ts";

/** What the guard found in what passed, for people; nothing of the content is in it. */
export interface ProxyFinding {
  readonly where: "tool-result" | "tool-call";
  /** What was done about it. */
  readonly done: "withheld" | "masked" | "passed";
  readonly rules: readonly string[];
  readonly reasons: readonly string[];
}

export type OnFinding = "block" | "inform";

export interface PromptGuardOptions {
  readonly onFinding: OnFinding;
  readonly rules?: RuleSet | undefined;
  readonly found: (finding: ProxyFinding) => void;
}

/** A request as it goes on: its bytes, and what they say. */
export interface Prompt {
  readonly bytes: Buffer;
  readonly value: Json;
}

/**
 * Looks at what tools returned in the requests that pass. What the guard does not admit is replaced by a sentence, secrets by a note;
 * everything else goes on byte for byte.
 */
export class PromptGuard {
  readonly #options: PromptGuardOptions;
  /** Texts that held nothing, by hash, the oldest first. */
  readonly #clean = new Set<string>();

  constructor(options: PromptGuardOptions) {
    this.#options = options;
  }

  /** Throws RefusedError for what is no JSON object, or one that two readers may read in two ways. */
  check(wire: Wire, bytes: Buffer): Prompt {
    const value = readRequest(bytes);
    if (!isJsonObject(value)) throw new RefusedError("request_malformed", "The request is no JSON object.");
    const edits = toolResults(wire, value).flatMap((result) => this.#replaced(result));
    if (edits.length === 0) return { bytes, value };
    return { bytes: Buffer.from(editJson(bytes.toString("utf8"), edits), "utf8"), value };
  }

  #replaced(result: ToolResult): Edit[] {
    const looked = result.map((one) => this.#look(one));
    const edits = looked.flatMap(({ edit }) => edit ?? []);
    if (this.#options.onFinding === "inform" || result.length < 2 || looked.some(({ isWithheld }) => isWithheld))
      return edits;
    // Halves of a structure in neighbouring parts are one where the model reads them.
    const whole = looked.map(({ text }) => text).join("");
    if (this.#isClean(whole)) return edits;
    const verdict = this.#scan(whole);
    if (verdict.decision === "admit") {
      this.#remember(whole);
      return edits;
    }
    this.#tell(verdict, "withheld");
    return result.map(({ path }) => ({ path, json: JSON.stringify(noticeOf(verdict)) }));
  }

  #look({ path, text }: ToolText): Looked {
    if (this.#isClean(text)) return { text, isWithheld: false };
    const first = this.#scan(text);
    if (first.findings.length === 0) this.#remember(text);
    if (first.findings.length === 0) return { text, isWithheld: false };
    const { bytes, secrets, isWhole } = maskSecrets(text);
    const isMasked = secrets.length > 0 || isWhole;
    const masked = isMasked ? Buffer.from(bytes).toString("utf8") : text;
    const verdict = isMasked ? this.#scan(masked) : first;
    const isWithheld = verdict.decision !== "admit";
    if (this.#options.onFinding === "inform") {
      if (isMasked || isWithheld) this.#tell(first, "passed");
      return { text, isWithheld };
    }
    if (isWithheld) {
      this.#tell(verdict, "withheld");
      return { text, isWithheld, edit: { path, json: JSON.stringify(noticeOf(verdict)) } };
    }
    if (!isMasked) return { text, isWithheld };
    this.#tell(first, "masked");
    return { text: masked, isWithheld, edit: { path, json: JSON.stringify(masked) } };
  }

  #scan(text: string): Verdict {
    const { rules } = this.#options;
    return scan(text, rules && { rules });
  }

  #isClean(text: string): boolean {
    return this.#clean.has(sha256Hex(text));
  }

  #remember(text: string): void {
    if (this.#clean.size >= PROXY_LIMITS.cleanTexts) this.#clean.delete(this.#clean.values().next().value as string);
    this.#clean.add(sha256Hex(text));
  }

  #tell(verdict: Verdict, done: ProxyFinding["done"]): void {
    this.#options.found(findingOf(verdict, "tool-result", done));
  }
}

interface Looked {
  /** As it goes on. */
  readonly text: string;
  readonly isWithheld: boolean;
  readonly edit?: Edit;
}

export function findingOf(
  { findings }: Pick<Verdict, "findings">,
  where: ProxyFinding["where"],
  done: ProxyFinding["done"],
): ProxyFinding {
  const serious = findings.filter(({ severity }) => severity !== "info");
  const of = (name: "rule" | "reason"): string[] => [...new Set(serious.map((one) => one[name]))].slice(0, 8);
  return { where, done, rules: of("rule"), reasons: of("reason") };
}

function noticeOf(verdict: Verdict): string {
  const reasons = findingOf(verdict, "tool-result", "withheld").reasons.slice(0, 3).join("; ");
  return `The result of this tool call was withheld by ztl proxy, because it ${reasons}. Go on without it.`;
}

function readRequest(bytes: Buffer): Json {
  try {
    // What a client cut in the middle of a character is its own affair; the guard reads it as a replacement character.
    const limits = { bytesMax: PROXY_LIMITS.requestBytes, depthMax: PROXY_LIMITS.jsonDepth } as const;
    return parseJson(bytes, { ...limits, loneSurrogates: "allow" });
  } catch (error) {
    if (!ZtlError.isInstance(error)) throw error;
    throw new RefusedError("request_malformed", `The request cannot be read in one way only (${error.code}).`);
  }
}
