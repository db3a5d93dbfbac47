import { FileAnchor } from "./file-anchor.ts";
import { GitNotesAnchor } from "./git-notes-anchor.ts";
import { HttpAnchor } from "./http-anchor.ts";

/** Where heads are kept, outside the ledger's own directory. */
export type AnchorPlace = { readonly file: string } | { readonly url: string } | { readonly gitNotes: string };

/** A place that keeps the lines of signed heads, so that a ledger that was put back as a whole can be told from the one it was. */
export interface Anchor {
  /** For people. */
  readonly name: string;
  /** Keeps one more line. Rejects with ZtlError `anchor-unusable`. */
  keep(line: string): Promise<void>;
  /** Lines that were kept, oldest first, of very many the newest. Rejects with ZtlError `anchor-unusable`. */
  lines(): Promise<readonly string[]>;
}

export function anchorAt(place: AnchorPlace): Anchor {
  if ("file" in place) return new FileAnchor(place.file);
  if ("url" in place) return new HttpAnchor(new URL(place.url));
  return new GitNotesAnchor(place.gitNotes);
}
