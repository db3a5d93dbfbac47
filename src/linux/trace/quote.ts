import { cString } from "../../base/text/c-string.ts";

/** Bytes of a string or buffer that are shown: twice what strace shows unless asked, as much of a path is the same. */
export const SHOWN_BYTES_MAX = 64;
/** The same of a path: what it ends with often matters, and few are longer. */
export const SHOWN_PATH_BYTES_MAX = 256;

/** Bytes as they are shown, with three dots behind them when there are more. */
export function quote(bytes: Uint8Array, isWhole = true): string {
  return `${cString(bytes)}${isWhole ? "" : "..."}`;
}
