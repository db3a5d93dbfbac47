import { defined } from "../base/optional.ts";
import { ZtlError } from "../errors.ts";
import { isDocumentId, type MemoryDocument } from "./document.ts";
import type { TextEmbeddings } from "./embeddings.ts";
import { FETCH_GROWTH, FETCHED_MAX, RESULTS_MAX } from "./limits.ts";
import type { VectorGate } from "./vector-gate.ts";
import { copyVector, isOwnVector, pickDiverse } from "./vectors.ts";

/** The part of LangChain's `VectorStoreInterface` that is needed of the store behind the gate. */
export interface InnerVectorStore<Filter = unknown> {
  readonly embeddings: TextEmbeddings;
  /** Gives the ids, or nothing. */
  addDocuments(documents: MemoryDocument[], options?: Record<string, unknown>): Promise<unknown>;
  addVectors(vectors: number[][], documents: MemoryDocument[], options?: Record<string, unknown>): Promise<unknown>;
  delete(params?: Record<string, unknown>): Promise<void>;
  /** Best first. */
  similaritySearchVectorWithScore(query: number[], k: number, filter?: Filter): Promise<[MemoryDocument, number][]>;
}

export interface GuardedStoreOptions<Filter = unknown> {
  readonly inner: InnerVectorStore<Filter>;
  /** Of the conversation whose agent writes and reads: what it reads, the conversation has taken in. */
  readonly gate: VectorGate;
  /** Agents whose documents this one may read too; it writes only its own. */
  readonly sharedWith?: readonly string[];
  /**
   * Whether a vector given with a text must be the text's own embedding: with another text's vector, a harmless text comes up
   * for questions it does not answer. Costs one more embedding of each text. Default: when the inner store has embeddings.
   */
  readonly checkVectors?: boolean;
}

export interface EntryOptions {
  readonly ids?: readonly string[];
  /** Only documents of this run may enter. */
  readonly runId?: string;
}

export interface DiverseSearch<Filter = unknown> {
  readonly k: number;
  /** Candidates to choose from. Default 20. */
  readonly fetchK?: number;
  /** 1: relevance only, 0: diversity only. Default 0.5. */
  readonly lambda?: number;
  readonly filter?: Filter | undefined;
}

const FETCH_K = 20;
const LAMBDA = 0.5;

/**
 * A vector store with the gate before and behind it. Only admitted documents are written, and each is checked again when it is
 * found, so what was put into the inner store or its files past the gate does not come out. Scores and the order are the
 * inner store's word.
 */
export class GuardedStore<Filter = unknown> {
  readonly #inner: InnerVectorStore<Filter>;
  readonly #embeddings: TextEmbeddings;
  readonly #gate: VectorGate;
  readonly #sharedWith: readonly string[];
  readonly #checksVectors: boolean;

  constructor({ inner, gate, sharedWith = [], checkVectors }: GuardedStoreOptions<Filter>) {
    this.#inner = inner;
    this.#embeddings = inner.embeddings;
    this.#gate = gate;
    this.#sharedWith = [...sharedWith];
    // Stores that are only given vectors may have none, whatever their type says.
    const hasEmbeddings = (inner.embeddings as TextEmbeddings | undefined) !== undefined;
    this.#checksVectors = checkVectors ?? hasEmbeddings;
    if (this.#checksVectors && !hasEmbeddings)
      throw new ZtlError("no-embeddings", "checkVectors needs a store with embeddings; this one has none");
  }

  /** Throws ZtlError `admission-refused` (details: `refusals`) and writes nothing when one document may not enter. */
  async addDocuments(documents: readonly unknown[], options: EntryOptions = {}): Promise<string[] | undefined> {
    const { documents: admitted, ids } = this.#enter([...documents], options);
    return idsOf(await this.#inner.addDocuments(admitted, ids));
  }

  /** As `addDocuments`; also throws ZtlError `vector-invalid` or `vector-count`, or `vector-foreign` (`checkVectors`). */
  async addVectors(
    vectors: readonly unknown[],
    documents: readonly unknown[],
    options: EntryOptions = {},
  ): Promise<string[] | undefined> {
    const batch = [...documents];
    const copies = [...vectors].map((vector) => copyVector(vector));
    if (copies.length !== batch.length)
      throw new ZtlError("vector-count", `Expected ${batch.length} vectors, one a document; found ${copies.length}`);
    if (copies.some(({ length }) => length !== copies[0]?.length))
      throw new ZtlError("vector-invalid", "Expected vectors of one length; found several");
    const { documents: admitted, ids } = this.#enter(batch, options);
    if (this.#checksVectors) await this.#expectOwn(copies, admitted);
    return idsOf(await this.#inner.addVectors(copies, admitted, ids));
  }

  /** Takes documents out: nothing enters by it, so the parameters are the inner store's. */
  async delete(params?: Record<string, unknown>): Promise<void> {
    await this.#inner.delete(params);
  }

  /**
   * The best `k` that may be read. When some are withheld, more rows are looked at, up to a bound, so that rows put there past
   * the gate do not crowd out the others.
   */
  async search(query: readonly number[], k: number, filter?: Filter): Promise<[MemoryDocument, number][]> {
    const vector = copyVector(query);
    expectCount("k", k);
    for (let fetched = k; ; fetched = Math.min(fetched * FETCH_GROWTH, FETCHED_MAX)) {
      const found = await this.#inner.similaritySearchVectorWithScore([...vector], fetched, filter);
      const results = found.slice(0, fetched).map(([document, score]) => ({ document, score: Number(score) }));
      const checks = this.#gate.check(
        results.map(({ document }) => document),
        { sharedWith: this.#sharedWith },
      );
      const admitted = checks.flatMap((check, index) =>
        check.status === "admitted" ? [{ check, score: (results[index] as { score: number }).score }] : [],
      );
      if (admitted.length < k && results.length === fetched && fetched < FETCHED_MAX) continue;
      this.#gate.report(checks);
      const given = admitted.slice(0, k);
      this.#gate.take(given.map(({ check }) => check));
      return given.map(({ check, score }) => [check.document, score]);
    }
  }

  async searchText(query: string, k: number, filter?: Filter): Promise<[MemoryDocument, number][]> {
    return this.search(await this.#embeddings.embedQuery(query), k, filter);
  }

  /**
   * By maximal marginal relevance, among candidates that may be read. Their texts are embedded anew, which works with every
   * inner store and leaves its stored vectors no say in the choice.
   */
  async searchDiverse(query: string, { k, fetchK, lambda, filter }: DiverseSearch<Filter>): Promise<MemoryDocument[]> {
    expectCount("k", k);
    const vector = await this.#embeddings.embedQuery(query);
    const candidates = await this.search(vector, Math.max(k, fetchK ?? FETCH_K), filter);
    const vectors = await this.#embeddings.embedDocuments(candidates.map(([{ pageContent }]) => pageContent));
    return pickDiverse(vector, vectors, k, lambda ?? LAMBDA).map(
      (index) => (candidates[index] as [MemoryDocument, number])[0],
    );
  }

  /** Everything up to the write happens on copies, at one instant. */
  #enter(
    documents: readonly unknown[],
    { ids, runId }: EntryOptions,
  ): { readonly documents: MemoryDocument[]; readonly ids: { ids: string[] } | undefined } {
    const idList = ids && [...ids];
    if (idList !== undefined && (idList.length !== documents.length || !idList.every(isDocumentId)))
      throw new ZtlError("ids-invalid", "Expected one id a document, of 1 to 200 letters, digits and . : # / @ - _");
    const entry = this.#gate.enter(documents, defined({ runId }));
    // Other options are not passed on: what a store would write of them, nobody admitted.
    if (entry.status === "admitted") return { documents: entry.documents, ids: idList && { ids: idList } };
    const reasons = [...new Set(entry.refusals.map(({ reason }) => reason))].join(", ");
    throw new ZtlError(
      "admission-refused",
      `Nothing was written: ${entry.refusals.length} of ${documents.length} documents may not enter (${reasons})`,
      { refusals: entry.refusals },
    );
  }

  async #expectOwn(vectors: readonly number[][], documents: readonly MemoryDocument[]): Promise<void> {
    const own = await this.#embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    const index = vectors.findIndex((vector, at) => !isOwnVector(vector, own[at] ?? []));
    if (index < 0) return;
    throw new ZtlError("vector-foreign", `Nothing was written: vector ${index} is not its text's embedding`, { index });
  }
}

function idsOf(given: unknown): string[] | undefined {
  return Array.isArray(given) ? given.map(String) : undefined;
}

function expectCount(name: string, count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) >= 1 && (count as number) <= RESULTS_MAX) return;
  throw new ZtlError("count-invalid", `Expected ${name} from 1 to ${RESULTS_MAX}; found ${String(count)}`);
}
