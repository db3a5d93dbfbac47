import { repainted, terminalCode, terminalLine } from "../base/text/index.ts";
import {
  type Explanation,
  explainFinding,
  type Finding,
  familyWords,
  type OrdinaryRate,
  ordinaryRateOf,
  type Rule,
  type RuleSet,
  releaseOf,
  severityWords,
  type Verdict,
} from "../guard/index.ts";
import type { Paint } from "./review-text.ts";

/** What the guard saw, as lines of text. The content is hostile: all of it is painted (`base/text`). */

const DECISIONS = {
  admit: "It may enter memory.",
  flag: "It would wait for a person, who may release it.",
  block: "It would be blocked.",
} as const;
const RELEASES = {
  once: "",
  twice: " A person could release it only by naming each rule that blocked it.",
  never: " Nobody could release it, as what blocked it is hidden.",
} as const;
/** Bytes of a line shown before and after what was found in it. */
const AROUND = 48;
const LISTED_MAX = 100;

interface Shown {
  readonly name: string;
  readonly text: Uint8Array;
  readonly rules: RuleSet;
  readonly all: boolean;
  readonly paint: Paint;
}

export function verdictText(verdict: Verdict, { name, text, rules, all, paint }: Shown): string {
  const told = verdict.findings.filter(({ severity }) => all || severity !== "info");
  const quiet = verdict.findings.length - told.length + verdict.unlisted;
  const tone = verdict.decision === "admit" ? "green" : verdict.decision === "flag" ? "yellow" : "red";
  const end = verdict.decision === "block" ? RELEASES[releaseOf(verdict)] : "";
  const more = told.length > LISTED_MAX ? [`… and ${told.length - LISTED_MAX} more findings\n`] : [];
  return [
    `${paint(tone, verdict.decision)}  ${terminalLine(name)}, ${verdict.contentBytes} bytes. ${DECISIONS[verdict.decision]}${end}\n`,
    ...told
      .slice(0, LISTED_MAX)
      .map(
        (finding) => `\n${inPlace(finding, text, paint)}${findingText(finding, explainFinding(finding, rules), paint)}`,
      ),
    ...more,
    quiet > 0 ? `\n${quiet} of severity info, which ordinary texts have; --all shows them\n` : "",
  ].join("");
}

/** The line it stands on, with what was found in it marked. */
function inPlace({ start, end }: Finding, text: Uint8Array, paint: Paint): string {
  if (end <= start || end > text.length) return "";
  const line = countLines(text, start) + 1;
  const lineStart = text.lastIndexOf(0x0a, start - 1) + 1;
  const next = text.indexOf(0x0a, start);
  const lineEnd = next < 0 ? text.length : next;
  const from = Math.max(lineStart, start - AROUND);
  const shownEnd = Math.min(end, lineEnd);
  const to = Math.min(lineEnd, shownEnd + AROUND);
  const piece = (first: number, last: number): string =>
    terminalCode(Buffer.from(text.subarray(first, last)).toString("utf8"));
  const marked = paint("red", piece(start, Math.min(shownEnd, start + 160)));
  return `  line ${line}: ${from > lineStart ? "…" : ""}${piece(from, start)}${marked}${piece(shownEnd, to)}${to < lineEnd || end > lineEnd ? "…" : ""}\n`;
}

function countLines(text: Uint8Array, before: number): number {
  let count = 0;
  for (let at = text.indexOf(0x0a); at >= 0 && at < before; at = text.indexOf(0x0a, at + 1)) count++;
  return count;
}

export function findingText(
  { rule, severity, start, end, excerpt }: Finding,
  words: Explanation,
  paint: Paint,
): string {
  const { family, meaning, why, models, hidden, ordinary } = words;
  return [
    `  ${paint("bold", `${terminalLine(severity)}: ${family}`)} (${terminalLine(rule)}, bytes ${start} to ${end})\n`,
    hidden === undefined ? "" : `    hidden by   ${hidden}; decoded it says ${paint("red", repainted(excerpt))}\n`,
    meaning === undefined ? "" : `    what        ${terminalLine(meaning)}\n`,
    `    why         ${why}\n`,
    models.length === 0 ? "" : `    models      ${models.join("; ")}\n`,
    ordinary === undefined ? "" : `    ordinary    ${rateText(ordinary)}\n`,
  ].join("");
}

export function explainRuleText(
  { id, family, severity, decodedSeverity, meaning, sinks = {}, patterns }: Rule,
  paint: Paint,
): string {
  const { name, why } = familyWords(family);
  const ordinary = ordinaryRateOf(id);
  const elsewhere = Object.entries(sinks).map(
    ([sink, weight]) => `    ${sink.padEnd(10)}  ${weight}: it ${severityWords(weight)}\n`,
  );
  return [
    `${paint("bold", terminalLine(id))}: ${name}\n`,
    `  what      ${terminalLine(meaning)}\n`,
    `  why       ${why}\n`,
    `  severity  ${severity}: it ${severityWords(severity)}\n`,
    decodedSeverity === undefined ? "" : `  encoded   ${decodedSeverity}, when it only appears after decoding\n`,
    elsewhere.length === 0 ? "" : `  and where the text goes on to\n${elsewhere.join("")}`,
    ordinary === undefined ? "" : `  ordinary  ${rateText(ordinary)}\n`,
    `  looks for ${patterns.length} ${patterns.length === 1 ? "pattern" : "patterns"}\n`,
  ].join("");
}

function rateText({ found, files }: OrdinaryRate): string {
  const share = ((found / files) * 100).toFixed(3);
  return found === 0 ? `in none of ${files} ordinary files` : `in ${found} of ${files} ordinary files (${share} %)`;
}
