import { crc32 } from "node:zlib";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Letters of a CRC-32 in base 62, at the end of the tokens of GitHub and npm. */
const BASE62_LETTERS = 6;
const GITHUB_LIKE = /^(?:gh[pousr]_|npm_)([A-Za-z0-9]{30})([A-Za-z0-9]{6})$/;
/** Grafana's service account tokens end with a CRC-32 in hexadecimal digits. */
const GRAFANA = /^(glsa_[A-Za-z0-9]{32})_([0-9a-f]{8})$/;

function base62(value: number): string {
  let text = "";
  for (let left = value; left > 0; left = Math.floor(left / 62)) text = BASE62.charAt(left % 62) + text;
  return text.padStart(BASE62_LETTERS, "0");
}

/** True when the format of the token from `start` to `end` has a checksum, and it is right. */
export function hasValidChecksum(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 64) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
  const [, body, sum] = GITHUB_LIKE.exec(text) ?? [];
  if (body !== undefined) return base62(crc32(body)) === sum;
  const [, signed, digits] = GRAFANA.exec(text) ?? [];
  return signed !== undefined && crc32(signed).toString(16).padStart(8, "0") === digits;
}
