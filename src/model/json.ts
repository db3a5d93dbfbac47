/** JSON values: what a model may hand to a tool. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON with sorted keys and no spaces, so that equal values give equal text. Only for values of bounded depth. */
export function canonicalText(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] as Json)}`).join(",")}}`;
}

/** True when objects and arrays are nested at most `most` deep; it looks no deeper than that. */
export function isWithinDepth(value: Json, most: number): boolean {
  if (value === null || typeof value !== "object") return true;
  return most > 0 && Object.values(value).every((member) => isWithinDepth(member as Json, most - 1));
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
