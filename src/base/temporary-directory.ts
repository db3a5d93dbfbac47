import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ZtlError } from "../errors.ts";
import { errorCode } from "./system-error.ts";

/**
 * A new directory of this user's alone, for what is gone when the process ends: where TMPDIR says, or /tmp, and where nothing can
 * be made there in the next of the places that a system has for such things. Throws ZtlError `temporary-directory`.
 */
export function temporaryDirectory(prefix: string): string {
  const tried: string[] = [];
  for (const place of new Set(places())) {
    try {
      return mkdtempSync(join(place, prefix));
    } catch (error) {
      tried.push(`${place} (${errorCode(error) ?? "unknown"})`);
    }
  }
  throw new ZtlError("temporary-directory", `No temporary directory can be made in ${tried.join(", ")}`, {
    remedy: "Name a directory that you may write to with TMPDIR.",
  });
}

/** Filesystem Hierarchy Standard 3.0, 3.18 and 5.15; XDG Base Directory Specification; shm_overview(7). */
function places(): string[] {
  const runtime = process.env.XDG_RUNTIME_DIR ?? "";
  return [tmpdir(), "/tmp", "/var/tmp", "/dev/shm", ...(isAbsolute(runtime) ? [runtime] : [])];
}
