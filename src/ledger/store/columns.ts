import { ZtlError } from "../../errors.ts";

/**
 * Columns of a row as what the schema says they are. A database file that was damaged, or that somebody wrote to, can hold
 * anything in any column, whatever its declaration says (sqlite.org, "Datatypes In SQLite"). Each throws ZtlError
 * `ledger-damaged` for what it does not expect.
 */
export type Row = Readonly<Record<string, unknown>>;

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : damaged(column, "text", value);
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  return Number.isSafeInteger(value) ? (value as number) : damaged(column, "a whole number", value);
}

export function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : damaged(column, "bytes", value);
}

function damaged(column: string, expected: string, found: unknown): never {
  const kind = found === null ? "nothing" : typeof found;
  throw new ZtlError(
    "ledger-damaged",
    `The ledger's database was damaged: expected ${expected} in its column ${column}; found ${kind}`,
    { column },
  );
}
