import { type KeyObject, sign, verify } from "node:crypto";
import { canonicalise } from "../../base/canonical-json.ts";
import { Pace, setOf, sortedInSlices } from "../../base/pace.ts";
import { sha256Hex } from "../../base/sha256.ts";

/** What a reviewer signs. Whatever a decision could be taken for another by is in it. */
export interface DecisionStatement {
  /** Of the ledger that the decision is recorded in: a decision is for one project. */
  readonly ledgerId: string;
  readonly reviewId: string;
  readonly decision: DecisionVerb;
  /** SHA-256 in hexadecimal of what was shown. */
  readonly hash: string;
  /** See `hashOfSelection`. */
  readonly selectionSha256: string;
  /** See `hashOfMessage`. */
  readonly messageSha256: string;
  /** Of a rebase: whose version goes on. */
  readonly take?: string | undefined;
  readonly reviewer: string;
  /** As `formatPublicKey` writes it. */
  readonly publicKey: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly signedAt: string;
  /** Never used before: 22 characters of base64url, which are 128 random bits. */
  readonly nonce: string;
}

export type DecisionVerb = "approve" | "reject" | "revoke" | "undo" | "redo" | "rebase" | "close";

/** Which files a decision is for; all of them when `files` is absent. */
export interface Selection {
  readonly files?: readonly string[] | undefined;
  readonly protectedFiles?: readonly string[] | undefined;
}

/** The tag keeps this signature from ever meaning anything else that the same key signs. */
const TAG = "ztl-decision-v1";
/** Eleven members of bounded length. */
const STATEMENT_JSON = { bytesMax: 16 * 1024, depthMax: 2 };
/** Paths of 100,000 files (server/requests.ts takes no more), escaped as JSON. */
const SELECTION_JSON = { bytesMax: 256 * 1024 * 1024, depthMax: 4 };

/** The text that is signed. */
export function textOfStatement(statement: DecisionStatement): string {
  return `${TAG}\n${canonicalise({ ...statement }, STATEMENT_JSON)}`;
}

/** Of the chosen paths as sets: their order means nothing. */
export function hashOfSelection(selection: Selection): string {
  return sha256Hex(textOfSelection(selection));
}

/** What is hashed. */
export function textOfSelection({ files, protectedFiles = [] }: Selection): string {
  const asSet = (paths: readonly string[]): string[] => [...new Set(paths.map((path) => path.toWellFormed()))].sort();
  const chosen = files === undefined ? null : asSet(files);
  return `ztl-selection-v1\n${canonicalise([chosen, asSet(protectedFiles)], SELECTION_JSON)}`;
}

/** The same in UTF-8, made in slices: of as many paths as a change set may have. */
export async function bytesOfSelection({ files, protectedFiles = [] }: Selection): Promise<Buffer> {
  const pieces: Buffer[] = [Buffer.from("ztl-selection-v1\n[")];
  if (files === undefined) pieces.push(Buffer.from("null"));
  else pieces.push(...(await asCanonicalSet(files)));
  return Buffer.concat([...pieces, Buffer.from(","), ...(await asCanonicalSet(protectedFiles)), Buffer.from("]")]);
}

/** Characters of a piece: less than a millisecond of work. */
const PIECE_UNITS = 64 * 1024;

async function asCanonicalSet(paths: readonly string[]): Promise<Buffer[]> {
  const unique = await setOf(wellFormed(paths));
  const sorted = await sortedInSlices([...unique], (a, b) => (a < b ? -1 : 1));
  const pieces: Buffer[] = [];
  const pace = new Pace();
  let piece = "[";
  for (const [index, path] of sorted.entries()) {
    piece += index === 0 ? canonicalise(path, SELECTION_JSON) : `,${canonicalise(path, SELECTION_JSON)}`;
    if (piece.length >= PIECE_UNITS) {
      pieces.push(Buffer.from(piece));
      piece = "";
    }
    if (pace.isOver) await pace.rest();
  }
  return [...pieces, Buffer.from(`${piece}]`)];
}

function* wellFormed(paths: readonly string[]): Generator<string> {
  for (const path of paths) yield path.toWellFormed();
}

/** Of what the agent is told; none and an empty one are the same. */
export function hashOfMessage(message: string | undefined): string {
  return sha256Hex(`ztl-decision-message-v1\n${message ?? ""}`);
}

/** In base64url. */
export function signStatement(statement: DecisionStatement, privateKey: KeyObject): string {
  return sign(null, Buffer.from(textOfStatement(statement)), privateKey).toString("base64url");
}

/** Only one spelling of a signature is one: a second one would look like a second decision. */
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

export function isStatementSigned(statement: DecisionStatement, signature: string, publicKey: KeyObject): boolean {
  const bytes = Buffer.from(signature, "base64url");
  if (!SIGNATURE.test(signature) || bytes.toString("base64url") !== signature) return false;
  return verify(null, Buffer.from(textOfStatement(statement)), publicKey, bytes);
}
