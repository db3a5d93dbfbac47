/** What other rooms may use to tell where a value came from: the values in a text, under keys that all their spellings share. */
export { dateKey } from "./calendar.ts";
export type { Fact, FactKind, Transform } from "./fact.ts";
export { type FactsOptions, factsOf } from "./facts.ts";
export {
  BITS_ANYWHERE,
  BITS_IN_TEXT,
  BITS_INDEXED,
  BITS_WHOLE,
  JOINED_BYTES_MAX,
  JOINED_LEAVES_MAX,
} from "./limits.ts";
export { isTelling, isTellingFact } from "./telling.ts";
export { type SharedWording, Wording } from "./wording.ts";
