import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { ZtlError } from "../errors.ts";
import { draftOf, syncPath, writeNewFile } from "./durable-files.ts";
import { makeDirectory } from "./make-directory.ts";
import { errorCode } from "./system-error.ts";

/**
 * Directories and files for this user alone: keys, ledgers, templates, what tools put out. There is one rule for all of them.
 * They belong to this user, nobody else has any permission, and no symbolic link stands in their place. Whatever breaks the
 * rule is refused, not mended: what others could have changed must not be trusted, and only a person knows whether they did.
 */
export const PRIVATE_DIRECTORY_MODE = 0o700;
export const PRIVATE_FILE_MODE = 0o600;

const OTHERS_MAY_ANYTHING = 0o077;
const OTHERS_MAY_WRITE = 0o022;
/** A key in PEM takes some hundred bytes. */
const KEY_FILE_BYTES_MAX = 16 * 1024;

/** How a room refuses what is not private. */
export interface Refusal {
  readonly code: string;
  /** What to do, other than to make it private. */
  readonly otherwise: string;
}

/**
 * Makes a directory for this user alone, on disk when this returns, or checks that an existing one is. Returns its real path.
 * Throws ZtlError with the refusal's code, and what the operating system says when it cannot be made.
 */
export function privateDirectory(path: string, refusal: Refusal): string {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    const made = makeDirectory(path, PRIVATE_DIRECTORY_MODE);
    if (made !== undefined) syncPath(dirname(made));
  }
  const status = lstatSync(path);
  if (status.isSymbolicLink()) refuse(path, "is a symbolic link", refusal);
  if (!status.isDirectory()) refuse(path, "is not a directory", refusal);
  expectPrivate(path, status, "700", refusal);
  return realpathSync(path);
}

/**
 * The content of a secret file, and of one made by `make` when there is none. It appears complete or not at all and is never
 * written over: of two processes that make it at once, one wins and both get the same. Throws ZtlError with the refusal's code
 * for a file that is not private, and what the operating system says.
 */
export function keyFile(path: string, make: () => Uint8Array, refusal: Refusal): Buffer {
  return readKeyFile(path, refusal) ?? makeKeyFile(path, make(), refusal);
}

/** Undefined when there is none. Throws like `keyFile`. */
export function readKeyFile(path: string, refusal: Refusal): Buffer | undefined {
  let fd: number;
  try {
    // Links are not followed and pipes not waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (errorCode(error) === "ELOOP") refuse(path, "is a symbolic link", refusal);
    throw error;
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) refuse(path, "is not a file", refusal);
    expectPrivate(path, status, "600", refusal);
    if (status.size > KEY_FILE_BYTES_MAX) refuse(path, `has ${status.size} bytes, which is no key`, refusal);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function makeKeyFile(path: string, content: Uint8Array, refusal: Refusal): Buffer {
  const draft = draftOf(path);
  try {
    writeNewFile(draft, content, PRIVATE_FILE_MODE);
    // Unlike rename(2), link(2) fails when the name is taken: a key that was used is never lost.
    linkSync(draft, path);
    syncPath(dirname(path));
    return Buffer.from(content);
  } catch (error) {
    const winner = errorCode(error) === "EEXIST" ? readKeyFile(path, refusal) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Makes an empty file for this user alone, or checks an existing one, before something opens it by its name. One that others
 * may read, as version 0.1.0 left some inside private directories, is closed to them; one that they may write is refused.
 */
export function privateFile(path: string, refusal: Refusal): void {
  let fd: number;
  try {
    fd = openSync(
      path,
      constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      PRIVATE_FILE_MODE,
    );
  } catch (error) {
    if (errorCode(error) === "ELOOP") refuse(path, "is a symbolic link", refusal);
    throw error;
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) refuse(path, "is not a file", refusal);
    expectOwn(path, status, refusal);
    if ((status.mode & OTHERS_MAY_WRITE) !== 0) expectPrivate(path, status, "600", refusal);
    if ((status.mode & OTHERS_MAY_ANYTHING) !== 0) fchmodSync(fd, PRIVATE_FILE_MODE);
  } finally {
    closeSync(fd);
  }
}

function expectOwn(path: string, { uid }: Stats, refusal: Refusal): void {
  if (uid !== process.getuid?.()) refuse(path, "belongs to another user", refusal);
}

function expectPrivate(path: string, status: Stats, mode: string, refusal: Refusal): void {
  expectOwn(path, status, refusal);
  if ((status.mode & OTHERS_MAY_ANYTHING) === 0) return;
  const found = `is open to other users (mode ${(status.mode & 0o7777).toString(8)})`;
  refuse(path, found, refusal, `If nobody else has used it: chmod ${mode} '${path}'. `);
}

function refuse(path: string, found: string, { code, otherwise }: Refusal, mend = ""): never {
  const remedy = `${mend}${otherwise}`;
  throw new ZtlError(code, `${path} ${found}, so what is in it cannot be trusted`, { path, remedy });
}
