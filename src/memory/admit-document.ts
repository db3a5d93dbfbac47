import type { AdmissionLabel, AdmissionScope, Admitter, Verdict } from "../guard/index.ts";
import type { Rescan } from "./admitted-text.ts";
import { copyDocument, freshDocument, type MemoryDocument } from "./document.ts";

export type AdmitDocumentResult =
  | { readonly status: "admitted"; readonly document: MemoryDocument }
  | { readonly status: "refused"; readonly reason: "malformed" }
  | { readonly status: "refused"; readonly reason: "not-admitted"; readonly verdict: Verdict };

/** Which run a document's text came from, whose memory it is for, and what its author had taken in. */
export interface DocumentScope extends Omit<AdmissionScope, "purpose"> {
  readonly labels?: readonly AdmissionLabel[];
}

/**
 * Scans one document, metadata included, and gives a copy that carries its admission. Each chunk that a text splitter makes
 * is a document of its own and needs its own; `scope.runId` keeps saying which run its text came from.
 */
export function admitDocument(
  admitter: Admitter,
  rescan: Rescan,
  document: unknown,
  { labels = [], ...scope }: DocumentScope,
): AdmitDocumentResult {
  const copy = copyDocument(document);
  if (copy === undefined) return { status: "refused", reason: "malformed" };
  const verdict = rescan(copy.content, scope.runId);
  const result = admitter.admit(copy.content, verdict, { ...scope, purpose: "document" }, labels);
  if (result.status === "refused") return { status: "refused", reason: "not-admitted", verdict };
  return { status: "admitted", document: freshDocument(copy, result.admission) };
}
