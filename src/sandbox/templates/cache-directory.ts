import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ZtlError } from "../../errors.ts";

/** What is kept between runs of the host process, for this user alone. */

const KEY_BYTES = 32;
const OTHERS_MAY_WRITE = 0o022;
const OTHERS_MAY_ANYTHING = 0o077;

/** $XDG_CACHE_HOME/zero-trust-loop, by the XDG base directory specification (a relative value there is ignored). */
export function defaultCacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base?.startsWith("/") ? base : join(homedir(), ".cache"), "zero-trust-loop");
}

function refuse(path: string, found: string): never {
  throw new ZtlError("cache-unsafe", `${path} ${found}, so what is in it cannot be trusted`, {
    path,
    remedy: "remove it, or name another directory with cacheDirectory or XDG_CACHE_HOME",
  });
}

function unusable(path: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const details = { path, remedy: "name another directory with cacheDirectory or XDG_CACHE_HOME" };
  throw new ZtlError("cache-unusable", `${path} cannot be used to keep templates: ${reason}`, details, { cause });
}

/** Makes a directory for this user alone, or checks that an existing one is. Throws ZtlError `cache-unsafe`, `cache-unusable`. */
export function privateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") unusable(path, error);
  }
  const status = lstatSync(path);
  if (!status.isDirectory()) refuse(path, "is not a directory");
  if (status.uid !== process.getuid?.()) refuse(path, "belongs to another user");
  if ((status.mode & OTHERS_MAY_WRITE) !== 0) refuse(path, "can be written by other users");
  return path;
}

/**
 * The key that marks this user's templates, made at the first use. It tells templates that this user's ztl wrote from
 * files that came there in another way; whoever can read this user's files can read it too.
 */
export function cacheKey(directory: string): Buffer {
  const path = join(directory, "key");
  if (!existsSync(path)) createKey(path);
  const fd = openKey(path);
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) refuse(path, "is not a file");
    if (status.uid !== process.getuid?.()) refuse(path, "belongs to another user");
    if ((status.mode & OTHERS_MAY_ANYTHING) !== 0) refuse(path, "is open to other users");
    const key = Buffer.alloc(KEY_BYTES);
    if (readSync(fd, key) !== KEY_BYTES) refuse(path, "is incomplete");
    return key;
  } finally {
    closeSync(fd);
  }
}

function openKey(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") refuse(path, "is a symbolic link");
    return unusable(path, error);
  }
}

/** Complete before it has its name, so that two first processes agree on one key. */
function createKey(path: string): void {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(draft);
  }
}
