/** What other rooms may use of the memory: the gate, its conversations, and vector stores behind it. */
export { type AdmitDocumentResult, admitDocument, type DocumentScope } from "./admit-document.ts";
export type { AdmittedText, Rescan } from "./admitted-text.ts";
export { type AssembleResult, ENTRY_SEPARATOR, type Joint } from "./assembly.ts";
export type {
  AddResult,
  AdmittedRole,
  AgentMemory,
  ConversationMemory,
  MemoryContext,
  MemoryMessage,
  TrustedRole,
} from "./conversation.ts";
export { ADMISSION_KEY, documentContent, type MemoryDocument } from "./document.ts";
export type { TextEmbeddings } from "./embeddings.ts";
export {
  type DiverseSearch,
  type EntryOptions,
  GuardedStore,
  type GuardedStoreOptions,
  type InnerVectorStore,
} from "./guarded-store.ts";
export { HashEmbeddings } from "./hash-embeddings.ts";
export { MemoryGate, type MemoryGateOptions } from "./memory-gate.ts";
export type { MemoryRefusal, RefusalReason } from "./refusal.ts";
export type { ConversationSnapshot } from "./snapshot.ts";
export {
  type MetadataFilter,
  SqliteVectorStore,
  type SqliteVectorStoreOptions,
} from "./sqlite/sqlite-vector-store.ts";
export {
  type EntryResult,
  type EntryScope,
  type RetrievalCheck,
  type RetrievalScope,
  type TakenIn,
  VectorGate,
  type VectorGateOptions,
} from "./vector-gate.ts";
