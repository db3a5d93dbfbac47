/** An object with members, neither null nor an array. Of an unknown value nothing more is said by that. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
