import { createHmac, randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { keyFile, privateDirectory } from "../../base/private-files.ts";
import { ownDirectory } from "../../base/user-directories.ts";
import { ZtlError } from "../../errors.ts";
import { originOf } from "./origin.ts";

/** What is kept between runs of the host process, for this user alone. */

const KEY_BYTES = 32;
const ELSEWHERE = "Remove it, or name another directory with cacheDirectory or XDG_CACHE_HOME.";
const REFUSAL = { code: "cache-unsafe", otherwise: ELSEWHERE };

/** $XDG_CACHE_HOME/zero-trust-loop. */
export function defaultCacheDirectory(): string {
  return ownDirectory("XDG_CACHE_HOME");
}

/** Makes a directory for this user alone, or checks that an existing one is. Throws ZtlError `cache-unsafe`, `cache-unusable`. */
export function openCacheDirectory(path: string): string {
  return usable(path, () => privateDirectory(path, REFUSAL));
}

/**
 * The key that marks this user's templates, made at the first use. It tells templates that this user's ztl wrote on this host
 * from files that came there in another way. It is made of the key file's content and origin, as a file can come with the
 * templates that it marks. Whoever can read this user's files can make it, too.
 */
export function cacheKey(directory: string): Buffer {
  const path = join(directory, "key");
  const content = usable(path, () => keyFile(path, () => randomBytes(KEY_BYTES), REFUSAL));
  if (content.length !== KEY_BYTES) {
    throw new ZtlError("cache-unsafe", `Expected a key of ${KEY_BYTES} bytes in ${path}; found ${content.length}`, {
      path,
      remedy: ELSEWHERE,
    });
  }
  const origin = usable(path, () => originOf(lstatSync(path, { bigint: true }))) ?? "unknown";
  return createHmac("sha256", content).update(`ztl-template-key-v1 ${origin}`).digest();
}

function usable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (ZtlError.isInstance(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const details = { path, remedy: ELSEWHERE };
    throw new ZtlError("cache-unusable", `${path} cannot be used to keep templates: ${reason}`, details, {
      cause: error,
    });
  }
}
