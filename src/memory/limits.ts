/** Every bound of the memory in one place; each says where its number comes from. */

/** Entries of one conversation: a long agent session makes some hundreds. When it is full, more is refused. */
export const CONVERSATION_ENTRIES_MAX = 10_000;
/** Text of one conversation: the largest context windows hold some 8 MB. */
export const CONVERSATION_BYTES_MAX = 64 * 1024 * 1024;

/** Text of one document: embedding models read some 32 KB of it, loaders that do not split give whole pages. */
export const DOCUMENT_BYTES_MAX = 1024 * 1024;
/** Metadata of one document as canonical JSON: what loaders write (source, page, title) takes some hundred bytes. */
export const METADATA_BYTES_MAX = 64 * 1024;
/** Nesting of metadata and snapshots. Loaders nest two or three levels; the bound keeps recursion far from the stack's end. */
export const JSON_DEPTH_MAX = 32;
/** An admission as canonical JSON takes some 600 bytes, and 64 labels of the longest names 13 KB. */
export const ADMISSION_BYTES_MAX = 32 * 1024;
/** Documents in one batch: each signature check takes some 100 µs, and the process does nothing else meanwhile. */
export const BATCH_DOCUMENTS_MAX = 1000;
/** Results of one search; a model's context has room for some tens. */
export const RESULTS_MAX = 1000;
/** Rows looked at for one search when some are withheld: the most that sqlite-vec gives at once (`k` in its KNN queries). */
export const FETCHED_MAX = 4096;
/** How much wider each further look is. */
export const FETCH_GROWTH = 4;
/** Components of a vector: sqlite-vec's own bound; embedding models have up to 4,096. */
export const DIMENSIONS_MAX = 8192;
/**
 * How far a given vector may lie from the text's own embedding, relative to its length. Providers' answers for the same
 * text differ by less than 0.001; a vector this near cannot stand in for another text.
 */
export const VECTOR_TOLERANCE = 0.01;
/** Texts put together at once: a conversation has no more entries. */
export const ASSEMBLY_ENTRIES_MAX = CONVERSATION_ENTRIES_MAX;
/** All of them: what one scan takes, with room for what stands between them. Four scans look at it. */
export const ASSEMBLY_BYTES_MAX = 32 * 1024 * 1024;
