import { byteStringOf } from "../../../base/byte-string.ts";

/** Messages of the DNS (RFC 1035, 4.1) as far as a stub resolver needs them answered. */

/** What is known of a name: the bytes of its IPv4 address, or why there is none. */
export type Looked = Uint8Array | "unknown" | "full";

const HEADER_BYTES = 12;
/** Bits of the second 16: answer, operation, recursion desired and available. */
const ANSWER = 0x8000;
const OPERATION = 0x7800;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
/** Response codes. */
const Code = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const;
const TYPE_A = 1;
const CLASS_IN = 1;
/** An address means its name for as long as the run lasts. */
const TTL_SECONDS = 60;
const NAME_BYTES_MAX = 255;
const LABEL_BYTES_MAX = 63;
/** The name of the question, wherever it is repeated: a pointer to it. */
const POINTER = 0xc000 | HEADER_BYTES;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;

/**
 * The answer to one question; undefined for what is none, which a server drops. Names with other than the usual characters do not
 * exist.
 */
export function answerQuery(query: Uint8Array, look: (name: string) => Looked): Uint8Array | undefined {
  if (query.length < HEADER_BYTES) return undefined;
  const view = new DataView(query.buffer, query.byteOffset, query.length);
  const flags = view.getUint16(2);
  if ((flags & ANSWER) !== 0) return undefined;
  const head = { id: view.getUint16(0), flags };
  if ((flags & OPERATION) !== 0) return respond(head, Code.notImplemented);
  const question = view.getUint16(4) === 1 ? readQuestion(query) : undefined;
  if (question === undefined) return respond(head, Code.formatError);
  const { name, type, bytes } = question;
  if (question.class !== CLASS_IN) return respond(head, Code.refused, bytes);
  const found = name === undefined ? "unknown" : look(name);
  if (found === "unknown") return respond(head, Code.nameError, bytes);
  if (found === "full") return respond(head, Code.serverFailure, bytes);
  return respond(head, Code.noError, bytes, type === TYPE_A ? found : undefined);
}

interface Question {
  /** In lower case; undefined for one that no host has. */
  readonly name: string | undefined;
  readonly type: number;
  readonly class: number;
  /** As it was asked, to be repeated in the answer. */
  readonly bytes: Uint8Array;
}

function readQuestion(query: Uint8Array): Question | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > LABEL_BYTES_MAX || at - HEADER_BYTES + length > NAME_BYTES_MAX)
      return undefined;
    at++;
    if (length === 0) break;
    if (at + length > query.length) return undefined;
    labels.push(byteStringOf(query.subarray(at, at + length)).toLowerCase());
    at += length;
  }
  if (at + 4 > query.length) return undefined;
  const view = new DataView(query.buffer, query.byteOffset + at, 4);
  const isName = labels.length > 0 && labels.every((label) => LABEL.test(label));
  return {
    name: isName ? labels.join(".") : undefined,
    type: view.getUint16(0),
    class: view.getUint16(2),
    bytes: query.subarray(HEADER_BYTES, at + 4),
  };
}

interface Head {
  readonly id: number;
  readonly flags: number;
}

function respond({ id, flags }: Head, code: number, question?: Uint8Array, address?: Uint8Array): Uint8Array {
  const answerBytes = address === undefined ? 0 : 12 + address.length;
  const bytes = new Uint8Array(HEADER_BYTES + (question?.length ?? 0) + answerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, ANSWER | (flags & (OPERATION | RECURSION_DESIRED)) | RECURSION_AVAILABLE | code);
  if (question === undefined) return bytes;
  view.setUint16(4, 1);
  bytes.set(question, HEADER_BYTES);
  if (address === undefined) return bytes;
  view.setUint16(6, 1);
  const at = HEADER_BYTES + question.length;
  view.setUint16(at, POINTER);
  view.setUint16(at + 2, TYPE_A);
  view.setUint16(at + 4, CLASS_IN);
  view.setUint32(at + 6, TTL_SECONDS);
  view.setUint16(at + 10, address.length);
  bytes.set(address, at + 12);
  return bytes;
}
