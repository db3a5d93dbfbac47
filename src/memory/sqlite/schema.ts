import type { DatabaseSync } from "node:sqlite";
import { getLoadablePath } from "sqlite-vec";
import { type DatabaseFormat, openDatabase } from "../../base/database.ts";
import { ZtlError } from "../../errors.ts";

const REFUSAL = {
  code: "vector-store-open-failed",
  otherwise: "Name a file of this user's alone: a vector store tells what texts are about.",
};

/** Opens the database, makes it when it is new. Throws ZtlError `vector-store-open-failed` or `vector-store-format`. */
export function openVectorDatabase(path: string, dimensions: number): DatabaseSync {
  const format = formatOf(dimensions);
  try {
    // A vector store can be made again from the documents: the last of it may be lost when the power fails.
    return openDatabase({ path, format, refusal: REFUSAL, synchronous: "NORMAL", extension: getLoadablePath() });
  } catch (error) {
    if (ZtlError.isInstance(error)) throw error;
    throw new ZtlError("vector-store-open-failed", `Cannot open the vector store ${path}`, { path }, { cause: error });
  }
}

/** `place` ties a document to its vector. */
function formatOf(dimensions: number): DatabaseFormat {
  return {
    applicationId: "ztlv",
    version: 1,
    schema: [
      "CREATE TABLE document (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, metadata TEXT NOT NULL)",
      `CREATE VIRTUAL TABLE vector USING vec0(embedding float[${dimensions}] distance_metric=cosine)`,
    ],
    keptBy: "vector_",
    code: "vector-store-format",
    what: `a vector store with ${dimensions} dimensions`,
    remedy: "Open it with the dimensions it was made with, or name another file.",
  };
}
