import type { Conversation } from "../../../src/loop/index.ts";
import { GuardedStore, HashEmbeddings, type MemoryDocument, SqliteVectorStore } from "../../../src/memory/index.ts";
import { NOTES_MAX, RECALLED_MAX } from "../limits.ts";

/** What an agent remembers from one conversation to the next, in a vector store as most have it: what it keeps is kept. */
export class PlainNotes {
  readonly #store = newStore(":memory:");

  async keep(text: string): Promise<void> {
    await this.#store.addDocuments([{ pageContent: text, metadata: {} }]);
  }

  /** Nearest first. */
  async find(query: string): Promise<readonly string[]> {
    return (await this.#store.similaritySearch(query, RECALLED_MAX)).map(({ pageContent }) => pageContent);
  }

  everything(): Promise<readonly string[]> {
    return everythingIn(this.#store);
  }

  close(): void {
    this.#store.close();
  }
}

/** The same kind of store with the memory gate before it, and behind it. */
export class GuardedNotes {
  readonly #store: SqliteVectorStore;

  constructor(path: string) {
    this.#store = newStore(path);
  }

  /** The notes as one conversation reads and writes them: what it finds, it has taken in. */
  of({ vectors }: Conversation): ConversationNotes {
    return new ConversationNotes(new GuardedStore({ inner: this.#store, gate: vectors }));
  }

  everything(): Promise<readonly string[]> {
    return everythingIn(this.#store);
  }

  close(): void {
    this.#store.close();
  }
}

export class ConversationNotes {
  readonly #guarded: GuardedStore;

  constructor(guarded: GuardedStore) {
    this.#guarded = guarded;
  }

  /** Throws ZtlError `admission-refused` for a document without its admission. */
  async keep(document: MemoryDocument): Promise<void> {
    await this.#guarded.addDocuments([document]);
  }

  async find(query: string): Promise<readonly string[]> {
    return (await this.#guarded.searchText(query, RECALLED_MAX)).map(([{ pageContent }]) => pageContent);
  }
}

function newStore(path: string): SqliteVectorStore {
  const embeddings = new HashEmbeddings();
  return new SqliteVectorStore({ path, embeddings, dimensions: embeddings.dimensions });
}

/** Whatever a gate before the store would say. */
async function everythingIn(store: SqliteVectorStore): Promise<readonly string[]> {
  return (await store.similaritySearch("", NOTES_MAX)).map(({ pageContent }) => pageContent);
}
