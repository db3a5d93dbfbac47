import { errorCode } from "../../base/system-error.ts";
import { ZtlError } from "../../errors.ts";

/** How a ledger's directory that is not private is refused: it holds what tools put out. */
export const LEDGER_REFUSAL = {
  code: "ledger-open-failed",
  otherwise: "Give this user a directory of its own for the ledger, or choose another one.",
};

/** Says in words what the operating system said with a code, and what to do about it. */
export function fileError(code: string, what: string, path: string, cause: unknown): ZtlError {
  const found = cause instanceof Error ? cause.message : String(cause);
  const systemCode = systemCodeOf(cause);
  const advice = ADVICE[systemCode ?? ""] ?? "";
  return new ZtlError(code, `${what} (${path}): ${found}.${advice}`, { path, systemCode }, { cause });
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: " The disk is full: free some space; what was recorded before is safe.",
  EDQUOT: " The disk quota is used up: free some space; what was recorded before is safe.",
  EACCES: " Give this user access to the ledger's directory, or choose another one.",
  EPERM: " Give this user access to the ledger's directory, or choose another one.",
  EROFS: " The file system is read-only: choose another directory for the ledger.",
};

/** SQLite's own codes (sqlite3.h, primary result codes) for what errno says elsewhere. */
const SQLITE_CODES: Readonly<Record<number, string>> = { 8: "EROFS", 13: "ENOSPC", 14: "EACCES", 3: "EACCES" };

function systemCodeOf(cause: unknown): string | undefined {
  if (cause instanceof Error && "errcode" in cause) return SQLITE_CODES[Number(cause.errcode) & 0xff];
  return errorCode(cause);
}
