/** What turns text into vectors; LangChain's `EmbeddingsInterface` has this shape. */
export interface TextEmbeddings {
  embedDocuments(texts: string[]): Promise<number[][]>;
  embedQuery(text: string): Promise<number[]>;
}
