import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { ZtlError } from "../../errors.ts";

/** Only the owner may look into a ledger: it holds what tools put out. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

/** A directory of the owner's, made when missing; its name is on disk when this returns. */
export function privateDirectory(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  if (made !== undefined) syncDirectory(dirname(made));
}

/** Puts the names inside a directory on disk: fsync of a file does not (fsync(2)). */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

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
