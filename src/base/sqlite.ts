import type * as sqlite from "node:sqlite";
import "./node-version.ts";

/** Not imported by its name: an older Node would refuse that before it could say that it is too old. */
export const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as typeof sqlite;
export type DatabaseSync = sqlite.DatabaseSync;
