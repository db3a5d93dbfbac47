import { readFileSync } from "node:fs";
import { PACKAGE_ROOT } from "../../base/package-root.ts";
import { ZtlError } from "../../errors.ts";
import { type Content, contentsOf, type Entry, formatPublicKey, type Ledger, signedText } from "../../ledger/index.ts";
import { CASE_CONTENT_BYTES_MAX, CASE_ENTRIES_MAX } from "../limits.ts";

/**
 * A part of the ledger for somebody who has nothing of ours: its entries, proofs that they are in the ledger for which a head was
 * signed, the contents that they name, and the program that checks all of it (`bin/verify-case.mjs`), in one file.
 */
export interface CaseFile {
  /** A program in plain JavaScript, whose data stand in a comment behind it. */
  readonly text: string;
  readonly entries: number;
  readonly contents: number;
  /** Contents that are too large together, are not kept any more, or are not what was recorded. */
  readonly omitted: number;
}

const VERIFIER = new URL("bin/verify-case.mjs", PACKAGE_ROOT);
/** The verifier looks for these. JSON has no line breaks of its own, so nothing in it can be taken for them. */
const BEGIN = "\n/* ztl-case-v1\n";
const END = "\n*/\n";

/** Throws ZtlError `case-empty`, `case-large`, or what the ledger throws. */
export async function caseOf(ledger: Ledger, entries: readonly Entry[]): Promise<CaseFile> {
  if (entries.length === 0) throw new ZtlError("case-empty", "Nothing is recorded about that");
  if (entries.length > CASE_ENTRIES_MAX)
    throw new ZtlError("case-large", `A case has at most ${CASE_ENTRIES_MAX} entries; this one would have more`, {
      remedy: "Narrow it: one run, or one conversation of one agent.",
    });
  const { head, paths } = ledger.proveEntries(entries.map(({ index }) => index));
  const { contents, omitted } = await contentsNamed(ledger, entries);
  const data = JSON.stringify({
    publicKey: formatPublicKey(ledger.publicKey),
    head: head.line,
    entries: entries.map((entry, at) => ({ ...shownOf(entry), path: paths[at] })),
    contents,
    omitted,
  });
  // In a string of JSON, where alone it can stand, this means the same and does not end a comment.
  const comment = data.replaceAll("*/", "*\\/");
  const text = `${readFileSync(VERIFIER, "utf8")}${BEGIN}${comment}${END}`;
  return { text, entries: entries.length, contents: Object.keys(contents).length, omitted: omitted.length };
}

function shownOf(entry: Entry): { readonly text: string; readonly sealed?: string } {
  const { hash: _, ...shown } = signedText(entry);
  return shown;
}

async function contentsNamed(
  ledger: Ledger,
  entries: readonly Entry[],
): Promise<{ readonly contents: Record<string, string>; readonly omitted: readonly string[] }> {
  const contents: Record<string, string> = {};
  const omitted = new Set<string>();
  let room = CASE_CONTENT_BYTES_MAX;
  for (const content of entries.flatMap(contentsOf)) {
    const { sha256, base64, sizeBytes } = content;
    if (base64 !== undefined || Object.hasOwn(contents, sha256) || omitted.has(sha256)) continue;
    const bytes = sizeBytes > room ? undefined : await keptContent(ledger, content);
    if (bytes === undefined) omitted.add(sha256);
    else {
      contents[sha256] = Buffer.from(bytes).toString("base64");
      room -= sizeBytes;
    }
  }
  return { contents, omitted: [...omitted] };
}

async function keptContent(ledger: Ledger, content: Content): Promise<Uint8Array | undefined> {
  try {
    return await ledger.content(content);
  } catch (error) {
    if (ZtlError.isInstance(error) && ["blob-missing", "blob-damaged"].includes(error.code)) return undefined;
    throw error;
  }
}
