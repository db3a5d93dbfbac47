import { isJsonObject, type Json } from "../../base/json.ts";
import { parseJson } from "../../base/strict-json.ts";
import { rowsOfText, type TextRow } from "./text-rows.ts";

/** More members than a person reads one by one. */
const MEMBERS_MAX = 50;
/** Deeper nesting than 500 is not indented: the spaces alone would fill the page. The loop bounds the bytes (loop/limits.ts). */
const READABLE = { bytesMax: 64 * 1024 * 1024, depthMax: 500, loneSurrogates: "allow" } as const;

/**
 * A tool's input for reading: each member under its name, a text as the lines it has rather than as one JSON string. Whatever is
 * no object of that kind is shown as the JSON it is. `hiddenUnits` is how much, in UTF-16 units, is not among the rows.
 */
export function rowsOfInput(json: string): { readonly rows: readonly TextRow[]; readonly hiddenUnits: number } {
  const value = parse(json);
  const members = isJsonObject(value) ? Object.entries(value) : [];
  if (members.length === 0 || members.length > MEMBERS_MAX) return rowsOfText(indented(value, json));
  const parts = members.map(([name, member]) => {
    const { rows, hiddenUnits } = rowsOfText(
      typeof member === "string" ? member : indented(member, JSON.stringify(member)),
    );
    return { rows: [{ kind: "gap", text: name } satisfies TextRow, ...rows], hiddenUnits };
  });
  return {
    rows: parts.flatMap(({ rows }) => rows),
    hiddenUnits: parts.reduce((sum, part) => sum + part.hiddenUnits, 0),
  };
}

/** Undefined for what is shown as it is, such as an object in which a name stands twice: taken apart, one would be hidden. */
function parse(json: string): Json | undefined {
  try {
    return parseJson(json, READABLE);
  } catch {
    return undefined;
  }
}

function indented(value: unknown, json: string): string {
  return value === undefined ? json : JSON.stringify(value, null, 2);
}
