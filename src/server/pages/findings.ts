import { html } from "hono/html";
import { explainFinding, type GuardFinding } from "../../loop/index.ts";
import { FINDINGS_LISTED_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import type { Mark } from "../show/marks.ts";
import { plural } from "../show/quantities.ts";
import type { TextRow } from "../show/text-rows.ts";
import { foreign, foreignPainted } from "../show/visible.ts";

/** A finding as the ledger keeps it, or as the guard tells it: the latter with an excerpt and the encodings undone. */
export interface ShownFinding {
  readonly rule: string;
  readonly severity: string;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
  readonly excerpt?: string;
  readonly decodings?: readonly string[] | undefined;
  /** What it is and why it matters, in a reviewer's words. */
  readonly words?: ReturnType<typeof explainFinding>;
}

export function shownFinding(finding: GuardFinding): ShownFinding {
  const { rule, severity, start, end, reason, excerpt, path } = finding;
  return { rule, severity, start, end, reason, excerpt, decodings: path, words: explainFinding(finding) };
}

const SEVERITIES = ["critical", "high", "medium", "low", "info"];

/** The gravest first, in both the list and the text, so that both number them alike. */
export function inOrder(findings: readonly ShownFinding[]): readonly ShownFinding[] {
  return findings.toSorted(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.start - b.start,
  );
}

/** What `textView` marks; `prefix` keeps the ids of several texts on one page apart. */
export function findingMarks(findings: readonly ShownFinding[], prefix: string): Mark[] {
  return inOrder(findings).map(({ rule, severity, start, end, reason }, index) => ({
    start,
    end,
    tone: toneOf(severity),
    note: `${severity} · ${rule} · ${reason}`,
    id: `${prefix}-${index}`,
  }));
}

function toneOf(severity: string): string {
  return SEVERITIES.includes(severity) ? `sev-${severity}` : "sev-info";
}

/** `placeOf` gives the address at which a finding is marked; undefined where the text does not show it. */
export function findingsList(
  findings: readonly ShownFinding[],
  placeOf: (finding: ShownFinding, index: number) => string | undefined = () => undefined,
): Html {
  const ordered = inOrder(findings);
  const left = ordered.length - FINDINGS_LISTED_MAX;
  return html`<ol class="findings">${ordered.slice(0, FINDINGS_LISTED_MAX).map((finding, index) => {
    const place = placeOf(finding, index);
    const { rule, severity, reason, excerpt, decodings = [], words } = finding;
    return html`<li><span class="badge ${toneOf(severity)}">${severity}</span>
      <span class="finding-rule">${place === undefined ? foreign(rule, 200) : html`<a href="${place}">${foreign(rule, 200)}</a>`}</span>
      <span class="finding-reason">${foreign(reason, 400)}${decodings.length === 0 ? "" : html` <span class="aside">hidden by ${decodings.join(", ")}</span>`}</span>
      ${excerpt === undefined || excerpt === "" ? "" : html`<code class="excerpt">${foreignPainted(excerpt)}</code>`}
      ${words === undefined ? "" : explanation(words)}</li>`;
  })}</ol>${left > 0 ? html`<p class="aside">${plural(left, "finding")} more; all are marked in the text.</p>` : ""}`;
}

/** What it is, whose it is, and what may happen. Our own words, but for a rule's meaning, which a file of own rules may give. */
function explanation({ family, meaning, why, models }: NonNullable<ShownFinding["words"]>): Html {
  return html`<details class="finding-why"><summary>${family}: why it matters</summary>
    ${meaning === undefined ? "" : html`<p>${foreign(meaning, 600)}</p>`}<p>${why}</p>
    ${models.length === 0 ? "" : html`<p class="aside">Models that act on it: ${models.join("; ")}</p>`}</details>`;
}

/** The number of the row that holds a byte; undefined when no row does. */
export function rowHolding(rows: readonly TextRow[], byte: number): number | undefined {
  const found = rows.findLastIndex(({ offset }) => offset !== undefined && offset <= byte);
  const row = rows[found];
  if (row?.offset === undefined || byte > row.offset + Buffer.byteLength(row.text)) return undefined;
  return found;
}
