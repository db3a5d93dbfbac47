import { html } from "hono/html";
import type { Entry, Timeline, TimelineCall, TimelineEdge } from "../../loop/index.ts";
import { GRAPH_ARCS_MAX, GRAPH_LABEL_CHARACTERS_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural } from "../show/quantities.ts";
import { visibleText } from "../show/visible.ts";

/**
 * A conversation drawn from top to bottom: what the agent did on a line, and to its left an arc from each text to the call whose
 * arguments were taken from it. Everything that is drawn is told in words below it, so a reader that draws nothing misses nothing.
 */

interface GraphRow {
  /** Index of the entry; of a text from elsewhere, the one that it stands in. */
  readonly entry: number;
  readonly mark: "call" | "outward" | "in" | "said" | "decided" | "warned" | "elsewhere";
  readonly label: string;
  readonly href: string;
  /** What a screen reader is told in place of the mark. */
  readonly meaning: string;
}

/** Pixels of SVG. */
const ROW = 30;
const TOP = 18;
const AXIS = 190;
const WIDTH = 1100;
/** So wide is the widest arc. */
const ARC_MAX = 165;

export function timelineGraph({ calls, entries, edges }: Timeline): Html {
  const { rows, arcs, left } = drawn(calls, entries, edges);
  if (rows.length === 0) return html``;
  const height = TOP * 2 + (rows.length - 1) * ROW;
  return html`<div class="graph" tabindex="0" role="region" aria-label="Drawn timeline"><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="group" aria-label="What the agent did, and where arguments came from">
    <line class="axis" x1="${AXIS}" y1="${TOP}" x2="${AXIS}" y2="${height - TOP}"></line>
    ${arcs.map(arc)}${rows.map(rowOf)}</svg></div>
    ${left > 0 ? html`<p class="aside">${plural(left, "further arc")} not drawn; all are listed below.</p>` : ""}`;
}

interface Arc {
  readonly from: number;
  readonly to: number;
  readonly isOutward: boolean;
  readonly title: string;
}

function drawn(
  calls: readonly TimelineCall[],
  entries: readonly Entry[],
  edges: readonly TimelineEdge[],
): { readonly rows: readonly GraphRow[]; readonly arcs: readonly Arc[]; readonly left: number } {
  const byRun = new Map(calls.map((call) => [call.runId, call]));
  const edgesTo = Map.groupBy(edges, ({ to }) => to);
  const known = new Set(entries.map(({ index }) => index));
  const sources = new Map(edges.map(({ from }) => [from.entry, from]));
  const rows: GraphRow[] = [];
  const placeOf = new Map<number, number>();
  const put = (row: GraphRow): void => {
    if (!placeOf.has(row.entry)) placeOf.set(row.entry, rows.length);
    rows.push(row);
  };
  const arcs: Arc[] = [];
  for (const entry of entries) {
    const call = entry.kind === "call" ? byRun.get(entry.runId ?? "") : undefined;
    const own = call === undefined ? [] : (edgesTo.get(call.runId) ?? []);
    // What came from elsewhere stands before the first call that used it.
    for (const { from } of own) if (!known.has(from.entry) && !placeOf.has(from.entry)) put(elsewhere(from));
    const source = sources.get(entry.index);
    const row = call === undefined ? (otherRow(entry) ?? (source && elsewhere(source))) : callRow(entry, call);
    if (row === undefined) continue;
    put(row);
    for (const { from, kind, text, places } of own) {
      const start = placeOf.get(from.entry);
      // A call names its own arguments only in error; a text without a mark of its own is told below.
      if (start === undefined || start === rows.length - 1) continue;
      const title = `${kind} at ${places.join(", ")}: ${text}`;
      arcs.push({ from: start, to: rows.length - 1, isOutward: call?.isOutward === true, title });
    }
  }
  // Where there is no room for all, those that lead out are drawn.
  const first = arcs.toSorted((a, b) => Number(b.isOutward) - Number(a.isOutward)).slice(0, GRAPH_ARCS_MAX);
  return { rows, arcs: first, left: edges.length - first.length };
}

function callRow({ index }: Entry, { runId, tool, command, isOutward, decision, status }: TimelineCall): GraphRow {
  const ended = status === "none" ? decision : status;
  return {
    ...{ entry: index, mark: isOutward ? "outward" : "call", href: runAddress(runId) },
    label: `${tool}: ${command} (${ended})`,
    meaning: isOutward ? "outward call" : "call",
  };
}

function elsewhere({ entry, runId, tool, agent, conversation, role }: TimelineEdge["from"]): GraphRow {
  const what = tool ?? `entry ${entry}`;
  return {
    ...{ entry, mark: "elsewhere", meaning: "from elsewhere" },
    href: runId === undefined ? `/ledger/${entry}` : runAddress(runId),
    label: role === "file" ? `a file changed by ${agent} with ${what}` : `${what} of ${agent}, in ${conversation}`,
  };
}

/** Steps that say something beside the calls themselves. */
function otherRow(entry: Entry): GraphRow | undefined {
  const at = { entry: entry.index, href: `/ledger/${entry.index}` };
  switch (entry.kind) {
    case "given":
      return { ...at, mark: "in", label: "came in: given to the agent", meaning: "came in" };
    case "said":
      return { ...at, mark: "said", label: "the agent said something", meaning: "said" };
    case "approval":
      return {
        ...at,
        mark: "decided",
        label: `${entry.body.decision} by ${entry.body.reviewer ?? "time"}`,
        meaning: "decision",
      };
    case "sync":
      return { ...at, mark: "decided", label: `files: ${entry.body.outcome}`, meaning: "files" };
    case "verdict":
      if (entry.body.verdict === "admit") return undefined;
      return {
        ...at,
        mark: "warned",
        label: `guard on ${entry.body.subject}: ${entry.body.verdict}`,
        meaning: "guard",
      };
    default:
      return undefined;
  }
}

function runAddress(runId: string): string {
  return `/runs/${encodeURIComponent(runId.toWellFormed())}`;
}

function yOf(place: number): number {
  return TOP + place * ROW;
}

function arc({ from, to, isOutward, title }: Arc): Html {
  const [y1, y2] = [yOf(from), yOf(to)];
  // Control points of a cubic curve: it bends to three quarters of their distance.
  const x = AXIS - 10 - Math.min(ARC_MAX, 24 + Math.abs(to - from) * 12);
  return html`<path class="arc${isOutward ? " out" : ""}" d="M ${AXIS - 8} ${y1} C ${x} ${y1} ${x} ${y2} ${AXIS - 10} ${y2}"><title>${short(title)}</title></path>
    <path class="head${isOutward ? " out" : ""}" d="M ${AXIS - 8} ${y2} l -8 -4 l 0 8 z"></path>`;
}

/** A shape for each meaning, so that none is told by its colour alone. */
const SHAPES: Readonly<Record<GraphRow["mark"], string>> = {
  call: "M -5 0 a 5 5 0 1 0 10 0 a 5 5 0 1 0 -10 0 z",
  outward: "M -6 -6 h 12 v 12 h -12 z",
  in: "M 6 -5 l -10 5 l 10 5 z",
  said: "M -6 0 l 6 -6 l 6 6 l -6 6 z",
  decided: "M -6 0 l 4 5 l 8 -10",
  warned: "M 0 -6 l 6 11 h -12 z",
  elsewhere: "M -6 0 h 12 M 0 -6 v 12",
};

function rowOf({ mark, label, href, meaning }: GraphRow, place: number): Html {
  const y = yOf(place);
  return html`<a href="${href}"><path class="node ${mark}" transform="translate(${AXIS} ${y})" d="${SHAPES[mark]}"><title>${meaning}</title></path>
    <text x="${AXIS + 18}" y="${y + 4}">${short(label)}</text></a>`;
}

/** Painted: nothing in it is hidden, or changes how what stands beside it is read. */
function short(text: string): string {
  const painted = visibleText(text);
  if (painted.length <= GRAPH_LABEL_CHARACTERS_MAX) return painted;
  return `${[...painted].slice(0, GRAPH_LABEL_CHARACTERS_MAX - 1).join("")}…`;
}
