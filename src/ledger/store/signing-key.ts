import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { ZtlError } from "../../errors.ts";
import { errorCode, FILE_MODE, fileError, privateDirectory, syncDirectory } from "./files.ts";

/** The ledger's Ed25519 key (RFC 8032). Whoever has the file can sign heads, so it is readable by its owner alone. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function generateSigningKey(): SigningKey {
  return generateKeyPairSync("ed25519");
}

/**
 * The key in that file (PKCS #8, PEM); made when there is none. It appears complete or not at all and is never written over: of
 * two processes that make it at once, one wins and both use its key.
 * Throws ZtlError `key-unsafe`, `key-malformed` or `key-unreadable`.
 */
export function openSigningKey(path: string): SigningKey {
  return readSigningKey(path) ?? createSigningKey(path);
}

/** The public half of the key in that file; nothing is made. Throws ZtlError `key-missing` and what `openSigningKey` throws. */
export function readPublicKey(path: string): KeyObject {
  const key = readSigningKey(path);
  if (key !== undefined) return key.publicKey;
  throw new ZtlError("key-missing", `There is no signing key at ${path}: nothing was recorded there yet`, { path });
}

function readSigningKey(path: string): SigningKey | undefined {
  const pem = readPrivateFile(path);
  if (pem === undefined) return undefined;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new ZtlError(
      "key-malformed",
      `Expected a private key in PEM at ${path}; found something else`,
      { path },
      { cause: error },
    );
  }
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new ZtlError("key-malformed", `Expected an Ed25519 key at ${path}; found ${privateKey.asymmetricKeyType}`, {
      path,
    });
  }
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function readPrivateFile(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw fileError("key-unreadable", "Cannot read the ledger's signing key", path, error);
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw new ZtlError("key-unsafe", `The signing key ${path} must be a regular file`, { path });
    const mode = status.mode & 0o777;
    if ((mode & 0o077) !== 0) {
      const found = mode.toString(8);
      throw new ZtlError(
        "key-unsafe",
        `Others may use the signing key ${path} (mode ${found}): chmod 600 it, and replace it if they could have read it`,
        { path, mode },
      );
    }
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

function createSigningKey(path: string): SigningKey {
  const key = generateSigningKey();
  const draft = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  try {
    privateDirectory(dirname(path));
    writeDurably(draft, key.privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    // Unlike rename(2), link(2) fails when the name is taken: a key that signed something is never lost.
    linkSync(draft, path);
    syncDirectory(dirname(path));
    return key;
  } catch (error) {
    if (errorCode(error) !== "EEXIST")
      throw fileError("key-unreadable", "Cannot make the ledger's signing key", path, error);
    const winner = readSigningKey(path);
    if (winner === undefined) throw fileError("key-unreadable", "The ledger's signing key vanished", path, error);
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDurably(path: string, content: string): void {
  const fd = openSync(path, "wx", FILE_MODE);
  try {
    writeSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
