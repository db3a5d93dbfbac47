import { rowsOfText, type TextRow } from "./text-rows.ts";

/** More members than a person reads one by one. */
const MEMBERS_MAX = 50;
/** Deeper nesting than this is not indented: the spaces alone would fill the page. */
const NESTED_MAX = 500;

/**
 * A tool's input for reading: each member under its name, a text as the lines it has rather than as one JSON string. Whatever is
 * no object of that kind is shown as the JSON it is. `hiddenUnits` is how much, in UTF-16 units, is not among the rows.
 */
export function rowsOfInput(json: string): { readonly rows: readonly TextRow[]; readonly hiddenUnits: number } {
  const value = parse(json);
  const members = isObject(value) ? Object.entries(value) : [];
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

function parse(json: string): unknown {
  // Parsing goes as deep as the text does; what is nested deeper than this is not taken apart.
  if ((json.match(/[[{]/g)?.length ?? 0) > NESTED_MAX) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function indented(value: unknown, json: string): string {
  return value === undefined ? json : JSON.stringify(value, null, 2);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
