import { createHmac, randomBytes } from "node:crypto";
import { accessSync, constants, lstatSync } from "node:fs";
import { join } from "node:path";
import { keyFile, privateDirectory } from "../../base/private-files.ts";
import { ownDirectory } from "../../base/user-directories.ts";
import { ZtlError } from "../../errors.ts";
import { originOf } from "./origin.ts";

/** What is kept between runs of the host process, for this user alone. */

const KEY_BYTES = 32;
const ELSEWHERE = "Remove it, or name another directory with cacheDirectory or XDG_CACHE_HOME.";
const NO_HOME = "This user has no home directory in which templates could be kept";
const REFUSAL = { code: "cache-unsafe", otherwise: ELSEWHERE };

/** $XDG_CACHE_HOME/zero-trust-loop, or its place in the home directory; undefined for a user without one. */
export function defaultCacheDirectory(): string | undefined {
  return ownDirectory("XDG_CACHE_HOME");
}

/**
 * The usual directory, where templates can be kept in it. Where they cannot, as there is no home, or a read-only one, false: they
 * are built at each start then, which is slower and nothing worse. Throws ZtlError `cache-unsafe` where others may write.
 * @param tell hears why it is not used.
 */
export function usualCacheDirectory(tell: (why: CacheUnavailable) => void): string | false {
  const path = defaultCacheDirectory();
  try {
    if (path === undefined) throw new ZtlError("cache-unusable", NO_HOME, { remedy: ELSEWHERE });
    usable(openCacheDirectory(path), () => accessSync(path, constants.W_OK));
    return path;
  } catch (error) {
    if (!ZtlError.isInstance(error) || error.code !== "cache-unusable") throw error;
    tell({ message: error.message, remedy: ELSEWHERE });
    return false;
  }
}

export interface CacheUnavailable {
  readonly message: string;
  readonly remedy: string;
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
