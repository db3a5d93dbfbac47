import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { isRecord } from "../../base/record.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { isDocumentId, type MemoryDocument } from "../document.ts";
import type { TextEmbeddings } from "../embeddings.ts";
import type { InnerVectorStore } from "../guarded-store.ts";
import { DIMENSIONS_MAX, DOCUMENT_BYTES_MAX, FETCHED_MAX, JSON_DEPTH_MAX, METADATA_BYTES_MAX } from "../limits.ts";
import { copyVector } from "../vectors.ts";
import { openVectorDatabase } from "./schema.ts";

/** Only documents whose metadata has these values at the top level. */
export type MetadataFilter = Readonly<Record<string, string | number | boolean>>;

export interface SqliteVectorStoreOptions {
  /** A file, made when it is not there, or ":memory:". */
  readonly path: string;
  readonly embeddings: TextEmbeddings;
  /** Of the vectors that these embeddings give. A file keeps the number it was made with. */
  readonly dimensions: number;
}

/**
 * An embedded vector store: documents and vectors in one SQLite file, searched exactly by sqlite-vec. It guards nothing by
 * itself: put a `GuardedStore` before it. Scores are cosine similarities, 1 for the same direction.
 */
export class SqliteVectorStore implements InnerVectorStore<MetadataFilter> {
  readonly embeddings: TextEmbeddings;
  readonly dimensions: number;
  readonly #database: DatabaseSync;

  /** Throws ZtlError `dimensions-invalid`, `vector-store-open-failed` or `vector-store-format`. */
  constructor({ path, embeddings, dimensions }: SqliteVectorStoreOptions) {
    if (!Number.isSafeInteger(dimensions) || dimensions < 1 || dimensions > DIMENSIONS_MAX)
      throw new ZtlError("dimensions-invalid", `Expected dimensions from 1 to ${DIMENSIONS_MAX}; found ${dimensions}`);
    this.embeddings = embeddings;
    this.dimensions = dimensions;
    this.#database = openVectorDatabase(path, dimensions);
  }

  async addDocuments(documents: MemoryDocument[], options?: { ids?: readonly string[] }): Promise<string[]> {
    const vectors = await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    return this.addVectors(vectors, documents, options);
  }

  /** All or none. A document with the id of an earlier one takes its place. Gives the ids. */
  async addVectors(
    vectors: number[][],
    documents: MemoryDocument[],
    options: { ids?: readonly string[] } = {},
  ): Promise<string[]> {
    if (vectors.length !== documents.length)
      throw new ZtlError("vector-count", `Expected ${documents.length} vectors; found ${vectors.length}`);
    const rows = documents.map((document, index) => ({
      id: options.ids?.[index] ?? document.id ?? randomUUID(),
      text: document.pageContent,
      metadata: JSON.stringify(document.metadata),
      embedding: encodeVector(vectors[index], this.dimensions),
    }));
    const unfit = rows.findIndex(({ id, text, metadata }) => !isDocumentId(id) || !fits(text, metadata));
    if (unfit >= 0)
      throw new ZtlError(
        "document-malformed",
        "A document's id, text or metadata is too large, or its metadata is no plain JSON",
        { unfit },
      );
    transaction(this.#database, () => {
      for (const row of rows) this.#insert(row);
    });
    return rows.map(({ id }) => id);
  }

  async delete({ ids }: { ids?: readonly string[] } = {}): Promise<void> {
    if (ids === undefined) throw new ZtlError("ids-invalid", "Expected the ids of the documents to delete");
    transaction(this.#database, () => ids.forEach((id) => this.#remove(id)));
  }

  async similaritySearchVectorWithScore(
    query: number[],
    k: number,
    filter: MetadataFilter = {},
  ): Promise<[MemoryDocument, number][]> {
    const { condition, values } = conditionOf(filter);
    const nearest = this.#database
      .prepare(
        `SELECT rowid AS place, distance FROM vector WHERE embedding MATCH ? AND k = ? ${condition} ORDER BY distance`,
      )
      .all(encodeVector(query, this.dimensions), Math.min(k, FETCHED_MAX), ...values);
    return nearest.map(({ place, distance }) => [this.#document(place as number), 1 - Number(distance)]);
  }

  async similaritySearchWithScore(query: string, k = 4, filter?: MetadataFilter): Promise<[MemoryDocument, number][]> {
    return this.similaritySearchVectorWithScore(await this.embeddings.embedQuery(query), k, filter);
  }

  async similaritySearch(query: string, k?: number, filter?: MetadataFilter): Promise<MemoryDocument[]> {
    return (await this.similaritySearchWithScore(query, k, filter)).map(([document]) => document);
  }

  close(): void {
    this.#database.close();
  }

  #insert(row: { id: string; text: string; metadata: string; embedding: Uint8Array }): void {
    this.#remove(row.id);
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO document (id, text, metadata) VALUES (?, ?, ?)")
      .run(row.id, row.text, row.metadata);
    // vec0 takes a row's number only as a 64-bit integer.
    this.#database
      .prepare("INSERT INTO vector (rowid, embedding) VALUES (?, ?)")
      .run(BigInt(lastInsertRowid), row.embedding);
  }

  #remove(id: string): void {
    const row = this.#database.prepare("DELETE FROM document WHERE id = ? RETURNING place").get(id);
    if (row !== undefined) this.#database.prepare("DELETE FROM vector WHERE rowid = ?").run(BigInt(Number(row.place)));
  }

  /**
   * A row that something else changed must not make all others unreachable: one that is missing, too large or not JSON comes
   * back as a document without text or metadata, which a gate withholds and reports.
   */
  #document(place: number): MemoryDocument {
    const row = this.#database
      .prepare(
        "SELECT id, text, metadata FROM document WHERE place = ? AND length(id) <= 200 AND length(text) <= ? AND length(metadata) <= ?",
      )
      .get(place, DOCUMENT_BYTES_MAX, STORED_METADATA_BYTES_MAX);
    const metadata = parseRecord(row?.metadata);
    if (row === undefined || metadata === undefined) return { pageContent: "", metadata: {} };
    return { pageContent: String(row.text), metadata, id: String(row.id) };
  }
}

/** JSON.stringify writes some control characters as six. */
const STORED_METADATA_BYTES_MAX = METADATA_BYTES_MAX * 6;
/** An admission lies two levels deeper than the metadata it is kept in. */
const STORED_METADATA = { bytesMax: STORED_METADATA_BYTES_MAX, depthMax: JSON_DEPTH_MAX + 2 };

function fits(text: string, metadata: string): boolean {
  // What could not be read back is not stored.
  return Buffer.byteLength(text) <= DOCUMENT_BYTES_MAX && parseRecord(metadata) !== undefined;
}

/** Little-endian 32-bit floats, as sqlite-vec reads a BLOB. */
function encodeVector(vector: unknown, dimensions: number): Uint8Array {
  return new Uint8Array(Float32Array.from(copyVector(vector, dimensions)).buffer);
}

function parseRecord(json: unknown): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(String(json), STORED_METADATA);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const JSON_TYPES = { string: ["text"], number: ["integer", "real"], boolean: ["true", "false"] } as const;

/** Names and values are bound, never written into the SQL. Metadata that is not JSON matches nothing. */
function conditionOf(filter: MetadataFilter): { readonly condition: string; readonly values: SQLInputValue[] } {
  const entries = Object.entries(filter);
  if (entries.length === 0) return { condition: "", values: [] };
  const each = entries.map(([, value]) => {
    const types = JSON_TYPES[typeof value as keyof typeof JSON_TYPES];
    if (types === undefined) throw new ZtlError("filter-invalid", "A filter's values are strings, numbers or booleans");
    const list = types.map((type) => `'${type}'`).join(", ");
    const members = "json_each(CASE WHEN json_valid(metadata) THEN metadata ELSE '{}' END)";
    return `EXISTS (SELECT 1 FROM ${members} WHERE key = ? AND value = ? AND type IN (${list}))`;
  });
  const values = entries.flatMap(([key, value]) => [key, typeof value === "boolean" ? Number(value) : value]);
  return { condition: `AND rowid IN (SELECT place FROM document WHERE ${each.join(" AND ")})`, values };
}
