import { canonicalise } from "../base/canonical-json.ts";
import type { Json } from "../base/json.ts";
import { defined } from "../base/optional.ts";
import { ZtlError } from "../errors.ts";
import type { Admission } from "../guard/index.ts";
import { DOCUMENT_BYTES_MAX, JSON_DEPTH_MAX, METADATA_BYTES_MAX } from "./limits.ts";
import { plainRecord } from "./plain-data.ts";

/** Where a document carries its admission in its metadata. */
export const ADMISSION_KEY = "ztlAdmission";

/** A document as vector stores know it; LangChain's `DocumentInterface` has this shape. */
export interface MemoryDocument {
  pageContent: string;
  metadata: Record<string, unknown>;
  id?: string;
}

/** A document as it was at one instant: frozen, plain, and nobody else's. */
export interface DocumentCopy {
  readonly pageContent: string;
  /** Without the admission. */
  readonly metadata: { readonly [key: string]: Json };
  /** What stands where the admission should; `undefined` when nothing does. */
  readonly admission: Json | undefined;
  readonly id: string | undefined;
  /** What is scanned, hashed and signed; see `documentContent`. */
  readonly content: string;
}

/** Ids are written and given back beside the admitted content, so there is no room for prose in them. */
const ID = /^[\w.:#/@-]{1,200}$/;

/** `undefined` for what is not a document of text and plain metadata, or is too large. */
export function copyDocument(document: unknown): DocumentCopy | undefined {
  const { pageContent, metadata: given, id = undefined } = readOnce(document) ?? {};
  if (typeof pageContent !== "string" || !isContent(pageContent)) return undefined;
  const hasId = id !== undefined && id !== null;
  if (hasId && !isDocumentId(id)) return undefined;
  const whole = plainRecord(given ?? {}, { bytesMax: METADATA_BYTES_MAX, depthMax: JSON_DEPTH_MAX });
  if (whole === undefined) return undefined;
  const { [ADMISSION_KEY]: _, ...metadata } = whole;
  return Object.freeze({
    pageContent,
    metadata,
    // Its own only: what all objects inherit is nobody's admission.
    admission: Object.hasOwn(whole, ADMISSION_KEY) ? whole[ADMISSION_KEY] : undefined,
    id: hasId ? id : undefined,
    content: `${pageContent}\n${canonicalise(metadata)}`,
  });
}

/**
 * The bytes an admission of a document speaks of, as a string: the text, a newline, and the metadata (without the admission)
 * as one line of canonical JSON, as metadata reaches the model too. The last line is always the metadata and JSON has no
 * newline inside, so no two documents have the same. Throws ZtlError `document-malformed`.
 */
export function documentContent(document: MemoryDocument): string {
  const copy = copyDocument(document);
  if (copy !== undefined) return copy.content;
  throw new ZtlError(
    "document-malformed",
    `Expected text of at most ${DOCUMENT_BYTES_MAX} bytes with plain JSON metadata of at most ${METADATA_BYTES_MAX} bytes and ` +
      "a plain short id; found something else",
  );
}

/** A fresh document that its receiver may change as it likes. */
export function freshDocument(copy: DocumentCopy, admission: Admission): MemoryDocument {
  return {
    pageContent: copy.pageContent,
    metadata: structuredClone({ ...copy.metadata, [ADMISSION_KEY]: admission }),
    ...defined({ id: copy.id }),
  };
}

export function isDocumentId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

function isContent(text: string): boolean {
  return text.length <= DOCUMENT_BYTES_MAX && text.isWellFormed() && Buffer.byteLength(text) <= DOCUMENT_BYTES_MAX;
}

/** Each property once: the next time it may say something else. */
function readOnce(document: unknown): Readonly<Record<keyof MemoryDocument, unknown>> | undefined {
  try {
    const { pageContent, metadata, id } = document as Record<keyof MemoryDocument, unknown>;
    return { pageContent, metadata, id };
  } catch {
    return undefined;
  }
}
