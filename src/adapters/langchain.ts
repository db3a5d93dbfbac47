import "../base/node-version.ts";
import { Document, type DocumentInterface } from "@langchain/core/documents";
import { type MaxMarginalRelevanceSearchOptions, VectorStore } from "@langchain/core/vectorstores";
import { ZtlError } from "../errors.ts";
import { type EntryOptions, GuardedStore, type GuardedStoreOptions, type MemoryDocument } from "../memory/index.ts";

/** Any LangChain vector store, or one that has the same methods (`SqliteVectorStore`). */
export type GuardedVectorStoreOptions<Filter extends object | string = object | string> = GuardedStoreOptions<Filter>;

/**
 * A LangChain vector store into which only admitted documents go and out of which only admitted documents come; see
 * `GuardedStore`. The inner store cannot be reached through it.
 *
 *     const store = new GuardedVectorStore({ inner, gate: conversation.vectors });
 *     const retriever = store.asRetriever();
 */
export class GuardedVectorStore<Filter extends object | string = object | string> extends VectorStore {
  declare FilterType: Filter;
  readonly #store: GuardedStore<Filter>;

  constructor(options: GuardedVectorStoreOptions<Filter>) {
    // No configuration for the base class: it would keep it in the public `lc_kwargs`, inner store and all.
    super(options.inner.embeddings, {});
    this.#store = new GuardedStore(options);
  }

  /** Called by the base class's constructor already. */
  _vectorstoreType(): string {
    return "ztl-guarded";
  }

  /** Throws ZtlError; of the options only `ids` and `runId` count. See `GuardedStore.addDocuments`. */
  async addDocuments(documents: DocumentInterface[], options?: EntryOptions): Promise<string[] | undefined> {
    return this.#store.addDocuments(documents, options);
  }

  async addVectors(
    vectors: number[][],
    documents: DocumentInterface[],
    options?: EntryOptions,
  ): Promise<string[] | undefined> {
    return this.#store.addVectors(vectors, documents, options);
  }

  override async delete(params?: Record<string, unknown>): Promise<void> {
    await this.#store.delete(params);
  }

  /** The base class's other searches, and its retriever, all come through here or through the next. */
  async similaritySearchVectorWithScore(query: number[], k: number, filter?: Filter): Promise<[Document, number][]> {
    const results = await this.#store.search(query, k, filter);
    return results.map(([document, score]) => [new Document(document), score]);
  }

  override async maxMarginalRelevanceSearch(
    query: string,
    options: MaxMarginalRelevanceSearchOptions<Filter>,
  ): Promise<Document[]> {
    const documents = await this.#store.searchDiverse(query, options);
    return documents.map((document: MemoryDocument) => new Document(document));
  }

  static override async fromTexts(): Promise<never> {
    throw unadmitted("fromTexts");
  }

  static override async fromDocuments(): Promise<never> {
    throw unadmitted("fromDocuments");
  }
}

function unadmitted(method: string): ZtlError {
  return new ZtlError(
    "admission-needed",
    `${method} would make a store without a gate. Use new GuardedVectorStore({ inner, gate, agent }), then addDocuments`,
  );
}
