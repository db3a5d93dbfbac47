import { atLeast, type Family, type Finding, type Verdict } from "./finding.ts";
import { DEFAULT_POLICY, type VerdictPolicy } from "./policy.ts";
import { type ScanOptions, scan } from "./scanner.ts";

/** Stands inside a broken structure. No decoding and no folding turns it into anything else, and anybody can see it. */
const MARK = "·";
/** Each round breaks what the round before left or made; real texts need one, two when structures overlap. */
const ROUNDS_MAX = 6;
/** From this round on spans are replaced as a whole: breaking them has not helped. */
const REPLACE_FROM_ROUND = 2;
/** What these families see does not go away when signs are broken: it cannot be seen, or a model read it in the words. */
const NOT_IN_SIGNS: ReadonlySet<Family> = new Set<Family>(["unicode", "terminal", "model"]);
/** What these families see is no structure that signs make. Once any other is found, every bracket in the content is broken. */
const WITHOUT_BRACKETS: ReadonlySet<Family> = new Set<Family>([
  "unicode",
  "terminal",
  "exfiltration",
  "command",
  "secret",
  "limit",
  "model",
]);
/** Signs of which tokens, tags, objects and their bars are made, in ASCII and as East Asian fonts have them. */
const BRACKETS = /[<>[\]{}|｜＜＞［］｛｝〈〉《》‹›❮❯⟨⟩]+/gu;
/** What is left of a content that cannot be made safe piece by piece. */
const WITHHELD = "(content withheld: its control structures could not be removed)";

export interface Neutralised {
  readonly text: string;
  /** The verdict on `text`: always `admit`. */
  readonly verdict: Verdict;
}

/**
 * The content as text in which every structure that was found is broken but can still be read: `<|im_end|>` becomes
 * `·<·|·im_end·|·>·`. Where one structure is, others may be that nobody knows yet, so all other brackets are broken with it. Encoded or
 * invisible structures are replaced by a note. Contents without such findings come back unchanged, so doing it twice changes nothing.
 */
export function neutralise(
  content: Uint8Array | string,
  findings: readonly Finding[],
  options: ScanOptions = {},
): Neutralised {
  const policy = options.policy ?? DEFAULT_POLICY;
  let bytes: Uint8Array = typeof content === "string" ? new TextEncoder().encode(content) : content;
  let open = findings;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const serious = open.filter((finding) => isRefused(finding, policy));
    // A limit was hit: there may be more than was listed, so only a complete replacement is safe to give.
    if (serious.some(({ rule }) => rule.startsWith("limit.") && rule !== "limit.findings")) break;
    // Once is enough, and what was broken in the first round is not broken further.
    const all = round === 0 && serious.some(({ family }) => !WITHOUT_BRACKETS.has(family));
    const between = all ? breakBrackets : (plain: string): string => plain;
    const text = breakSpans(bytes, mergeSpans(serious), round >= REPLACE_FROM_ROUND, between);
    bytes = new TextEncoder().encode(text);
    const verdict = scan(bytes, options);
    if (verdict.decision === "admit") return { text, verdict };
    open = verdict.findings;
  }
  return { text: WITHHELD, verdict: scan(WITHHELD, options) };
}

function isRefused(finding: Finding, policy: VerdictPolicy): boolean {
  return finding.family === "limit" || policy[finding.severity] !== "admit" || atLeast(finding.severity, "critical");
}

interface BrokenSpan {
  start: number;
  end: number;
  readonly family: string;
  /** Something stands there encoded or invisible: breaking the letters that can be seen would not show it. */
  hidden: boolean;
}

/** Overlapping spans as one. Findings without a place (limits) have none. */
function mergeSpans(findings: readonly Finding[]): BrokenSpan[] {
  const merged: BrokenSpan[] = [];
  for (const { start, end, family, path } of [...findings].sort((a, b) => a.start - b.start)) {
    if (end <= start || family === "limit") continue;
    const hidden = path.length > 0 || NOT_IN_SIGNS.has(family);
    const last = merged.at(-1);
    if (last !== undefined && start < last.end) {
      last.end = Math.max(last.end, end);
      last.hidden ||= hidden;
    } else merged.push({ start, end, family, hidden });
  }
  return merged;
}

/** `between` is done to what stands outside all spans. */
function breakSpans(
  bytes: Uint8Array,
  spans: readonly BrokenSpan[],
  replaceAll: boolean,
  between: (text: string) => string,
): string {
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end, family, hidden } of spans) {
    pieces.push(between(decode(bytes, from, start)));
    pieces.push(hidden || replaceAll ? `(removed: ${family})` : breakStructure(decode(bytes, start, end)));
    from = end;
  }
  pieces.push(between(decode(bytes, from, bytes.length)));
  return pieces.join("");
}

function breakBrackets(text: string): string {
  return text.replace(BRACKETS, (signs) => `${MARK}${[...signs].join(MARK)}${MARK}`);
}

/** Marks around and between signs: words stay whole, structures do not. Without signs, between the words. */
function breakStructure(text: string): string {
  const marked = text.replace(/[^\p{L}\p{N}\s_·]+/gu, (signs) => `${MARK}${[...signs].join(MARK)}${MARK}`);
  if (marked !== text) return marked;
  const apart = text.replace(/\s+/g, `$&${MARK}`);
  return apart === text ? `${text.slice(0, 1)}${MARK}${text.slice(1)}` : apart;
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
