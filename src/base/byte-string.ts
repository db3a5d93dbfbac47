import { isUtf8 } from "node:buffer";

/**
 * A path or a name as Linux has it, one character (0 to 255) per byte. Unlike text it loses nothing; unlike a buffer it can
 * be compared, sorted and be a key of a map. A type of its own, so that no text is taken for one: "é" is one character here and
 * two bytes there.
 */
export type ByteString = string & { readonly [byteString]: true };
declare const byteString: unique symbol;

/** All there are of no characters: the root in a path relative to it. */
export const EMPTY = "" as ByteString;

/** How Node is to write names that it finds: with a character for each byte. */
export const ONE_FOR_EACH_BYTE = "latin1";

export function bytesOf(byteString: ByteString): Buffer {
  return Buffer.from(byteString, "latin1");
}

export function byteStringOf(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") as ByteString;
}

/** The exact bytes where they are given, else the text's UTF-8. */
export function toByteString(text: string, bytes?: Uint8Array): ByteString {
  return byteStringOf(bytes ?? Buffer.from(text, "utf8"));
}

/** As text; bytes that are not UTF-8 are replaced, so that two of them may become the same text. */
export function textOf(byteString: ByteString): string {
  return bytesOf(byteString).toString("utf8");
}

/**
 * A path as text, different for every path. One that is not UTF-8 becomes `bytes:` and its characters, with `\xNN` for
 * every byte beyond ASCII and `\\` for a backslash; no absolute path begins like that.
 */
export function labelOf(path: ByteString): string {
  const bytes = bytesOf(path);
  if (isUtf8(bytes)) return bytes.toString("utf8");
  const escaped = path
    .replaceAll("\\", "\\\\")
    .replace(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  return `bytes:${escaped}`;
}

/** The directory of a relative path; "" for the root's own entries. */
export function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"))) as ByteString;
}

/** The last name of a path. */
export function nameOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1) as ByteString;
}

/** What stands at `path` below a directory: `/` and an absolute path stay one, and "" stands for the other alone. */
export function below(directory: ByteString, path: ByteString): ByteString {
  if (directory === "" || path === "") return (directory + path) as ByteString;
  return (directory === "/" ? `/${path}` : `${directory}/${path}`) as ByteString;
}

export function namesOf(path: ByteString): ByteString[] {
  return path.split("/") as ByteString[];
}
