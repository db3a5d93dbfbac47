import type { FactKind, Transform } from "../../provenance/index.ts";
import type { TextRole } from "./recorded-text.ts";

/** Where something in the arguments of a call came from: the types of the page, the command line and the API. */

export interface ArgumentOrigin {
  /** `file`: the argument names a file that a run changed; `read`: the call read one. */
  readonly kind: FactKind | "file" | "read";
  /** JSON pointer (RFC 6901) into the call's input; of all parts when a value was put together from several. */
  readonly places: readonly string[];
  /** As it stands in the argument, bounded; a model wrote it. */
  readonly excerpt: string;
  /** Bytes of the UTF-8 of the string at the first place, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** How it is written there, such as `base64`; empty for in clear. */
  readonly transforms: readonly Transform[];
  readonly source: OriginSource;
  /** Every text on the way, from the first that held it to the last before the call. */
  readonly trail: readonly OriginStep[];
  /** Further texts that hold it and are not told of. */
  readonly unlisted: number;
}

/** Which text of the ledger it was taken from. */
export interface OriginSource extends OriginStep {
  /** As it stands there, with what is around it; hostile. Bytes are of the text that the agent was given. */
  readonly excerpt: string;
  readonly start: number;
  readonly end: number;
  readonly transforms: readonly Transform[];
  /** Whether the calling conversation was given it, or it is known from elsewhere in the ledger alone. */
  readonly reached: "conversation" | "memory" | "file" | "elsewhere";
}

export interface OriginStep {
  /** Index of the entry. */
  readonly entry: number;
  readonly role: TextRole;
  readonly runId?: string;
  readonly agent: string;
  readonly conversation: string;
  /** Of the run that it belongs to. */
  readonly tool?: string;
}
