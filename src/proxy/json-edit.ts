import type { Json } from "../base/json.ts";
import { endOfString, parseJson } from "../base/strict-json.ts";

/** A value in a JSON text: names of members and numbers of items, from the outside in. */
export type Path = readonly (string | number)[];

/** What stands at a path from now on, as JSON; undefined takes a member out. */
export interface Edit {
  readonly path: Path;
  readonly json: string | undefined;
}

type Tree = Map<string | number, Tree | { readonly json: string | undefined }>;

/**
 * Changes single values of a JSON text, and no other byte of it. The text has been read strictly: it is JSON, no name stands twice
 * in an object, and it nests within limits. Paths that are not there change nothing.
 */
export function editJson(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const tree: Tree = new Map();
  for (const { path, json } of edits) {
    let at = tree;
    for (const step of path.slice(0, -1)) {
      const known = at.get(step);
      const next: Tree = known instanceof Map ? known : new Map();
      at.set(step, next);
      at = next;
    }
    at.set(path.at(-1) as string | number, { json });
  }
  const spans: Span[] = [];
  walk(text, skipSpace(text, 0), tree, spans);
  let from = 0;
  const pieces: string[] = [];
  for (const { start, end, json } of spans) {
    pieces.push(text.slice(from, start), json);
    from = end;
  }
  return `${pieces.join("")}${text.slice(from)}`;
}

/** Puts members before those of the object that the text is. None of them may be in it. */
export function addMembers(text: string, members: Readonly<Record<string, Json>>): string {
  const added = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (added.length === 0) return text;
  const start = skipSpace(text, 0) + 1;
  const isEmpty = text[skipSpace(text, start)] === "}";
  return `${text.slice(0, start)}${added.join()}${isEmpty ? "" : ","}${text.slice(start)}`;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly json: string;
}

/** Collects what is replaced below the value at `at`, in the order of the text. Returns where the value ends. */
function walk(text: string, at: number, tree: Tree, spans: Span[]): number {
  const open = text[at];
  if (open !== "{" && open !== "[") return endOfValue(text, at);
  let next = skipSpace(text, at + 1);
  let keptEnd = at + 1;
  for (let index = 0; text[next] !== "}" && text[next] !== "]"; index++) {
    const start = next;
    let key: string | number = index;
    if (open === "{") {
      const quote = endOfString(text, next + 1);
      key = nameOf(text.slice(next, quote + 1));
      next = skipSpace(text, skipSpace(text, quote + 1) + 1);
    }
    const wanted = tree.get(key);
    const value = next;
    next = wanted instanceof Map ? walk(text, value, wanted, spans) : endOfValue(text, value);
    const end = next;
    next = skipSpace(text, next);
    const comma = text[next] === ",";
    if (comma) next = skipSpace(text, next + 1);
    const isKept = wanted === undefined || wanted instanceof Map || wanted.json !== undefined;
    if (isKept) keptEnd = end;
    if (wanted === undefined || wanted instanceof Map) continue;
    if (wanted.json !== undefined) spans.push({ start: value, end, json: wanted.json });
    else if (comma) spans.push({ start, end: next, json: "" });
    else {
      // The comma before a last member goes with it, and so does all that was taken out right before.
      while ((spans.at(-1)?.start ?? -1) >= keptEnd) spans.pop();
      spans.push({ start: keptEnd, end, json: "" });
    }
  }
  return next + 1;
}

function nameOf(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  return parseJson(literal, { bytesMax: Infinity, depthMax: 1, loneSurrogates: "allow" }) as string;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return at;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at + 1);
    else if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
    else if (depth > 0 || !/[,\s]/.test(sign as string)) continue;
    // A closing sign or a separator after a number belongs to what is around it.
    if (depth < 0 || (depth === 0 && (sign === "," || /\s/.test(sign as string)))) return at;
    if (depth === 0) return at + 1;
  }
  return text.length;
}
