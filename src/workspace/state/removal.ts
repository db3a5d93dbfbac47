import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { Pace } from "../../base/pace.ts";

/** Rows removed at once. */
const ROWS_AT_ONCE = 200;

/** Removes rows in slices. `table`, its primary `key` and `which` are words of the code; the values are bound. */
export async function removeInSlices(
  database: DatabaseSync,
  table: string,
  key: string,
  which: string,
  ...values: SQLInputValue[]
): Promise<void> {
  const columns = key.replace(/[()]/g, "");
  const remove = database.prepare(
    `DELETE FROM ${table} WHERE ${key} IN (SELECT ${columns} FROM ${table} WHERE ${which} LIMIT ${ROWS_AT_ONCE})`,
  );
  const pace = new Pace();
  while (Number(remove.run(...values).changes) > 0) if (pace.isOver) await pace.rest();
}
