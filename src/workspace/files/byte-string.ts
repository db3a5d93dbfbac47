import { isUtf8 } from "node:buffer";

/**
 * A path or a name as Linux has it, one character (0 to 255) per byte. Unlike text it loses nothing; unlike a buffer it can
 * be compared, sorted and be a key of a map.
 */
export type ByteString = string;

export function bytesOf(byteString: ByteString): Buffer {
  return Buffer.from(byteString, "latin1");
}

/** The exact bytes where they are given, else the text's UTF-8. */
export function toByteString(text: string, bytes?: Uint8Array): ByteString {
  return (bytes === undefined ? Buffer.from(text, "utf8") : Buffer.from(bytes)).toString("latin1");
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
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function nameOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1);
}
