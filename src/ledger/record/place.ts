import { randomBytes } from "node:crypto";
import { sha256, sha256Hex } from "../../base/sha256.ts";
import { type Hash, leafHash } from "../merkle/tree.ts";
import type { EntryKind } from "./bodies.ts";
import { hex } from "./hex.ts";

/** As much as cannot be tried. */
const SALT_BYTES = 16;
const NEWLINE = 0x0a;

/** A draft as text: all that its place in the chain needs. It crosses to the thread that writes. */
export interface DraftText {
  readonly kind: EntryKind;
  readonly runId: string | undefined;
  readonly agent: string | undefined;
  readonly time: string;
  /** Canonical JSON. */
  readonly bodyText: string;
}

/** Where an entry came to stand; hashes in hexadecimal. */
export interface Place {
  readonly index: number;
  readonly previousHash: string;
  readonly hash: string;
  /** In hexadecimal; see `placeDraft`. */
  readonly salt: string;
}

/** Taken from the system in pieces of many: a system call for each would cost more than the hash that it goes into. */
let salts = Buffer.alloc(0);

function newSalt(): string {
  if (salts.length < SALT_BYTES) salts = randomBytes(256 * SALT_BYTES);
  const salt = salts.subarray(0, SALT_BYTES).toString("hex");
  salts = salts.subarray(SALT_BYTES);
  return salt;
}

/** Hash that stands before the first entry: entries of one ledger do not fit another one's chain. */
export function genesisHash(ledgerId: string): Hash {
  return sha256(Buffer.from(`ztl-ledger-genesis-v1\n${ledgerId}`));
}

/**
 * The entry's bytes at a place of the chain, and its hash. Three lines: a frame as canonical JSON, random text, and the body as canonical
 * JSON. The hash is the frame's, and the frame has a hash of the other two: without them, which is how content is erased, everything that
 * was signed still holds, and nobody can find the body by trying.
 */
export function placeDraft(
  draft: DraftText,
  index: number,
  previous: Hash,
  salt: string = newSalt(),
): { bytes: Uint8Array; hash: Hash; salt: string } {
  const { kind, runId, agent, time, bodyText } = draft;
  const sealed = `${salt}\n${bodyText}`;
  // In canonical order.
  const members = [
    ...(agent === undefined ? [] : [`"agent":${JSON.stringify(agent)}`]),
    `"bodySha256":"${sha256Hex(sealed)}"`,
    `"index":${index}`,
    `"kind":${JSON.stringify(kind)}`,
    `"previousHash":"${hex(previous)}"`,
    ...(runId === undefined ? [] : [`"runId":${JSON.stringify(runId)}`]),
    `"time":"${time}"`,
  ];
  const frame = `{${members.join(",")}}`;
  return { bytes: Buffer.from(`${frame}\n${sealed}`), hash: leafHash(Buffer.from(frame)), salt };
}

/** What of an entry's bytes its hash stands for: all that is left of one that was erased. JSON has no line breaks of its own. */
export function frameOf(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(NEWLINE);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
