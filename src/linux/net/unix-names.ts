import { type ByteString, byteStringOf, bytesOf } from "../../base/byte-string.ts";
import { fail } from "../errno.ts";
import type { Inode } from "../vfs/index.ts";
import { Family } from "./abi.ts";
import type { UnixSocket } from "./unix-socket.ts";

/** Where the path begins in a struct sockaddr_un, and how long the whole may be (linux/un.h). */
const PATH_AT = 2;
const ADDRESS_BYTES = 110;
/** Names that sockets without one are given: five digits in hexadecimal (unix(7), "Autobind feature"). */
const AUTOMATIC_NAMES = 0x10_0000;

/** The name of a Unix socket: a path, or a text of its own that begins with a null (unix(7), "Address format"). */
export interface UnixName {
  /** What stands behind the family in an address. */
  readonly bytes: Buffer;
  readonly inode: Inode | undefined;
}

export type UnixTarget =
  | { readonly kind: "path"; readonly path: ByteString }
  | { readonly kind: "abstract"; readonly bytes: Buffer };

/** What an address names: EINVAL. */
export function readUnixAddress(address: Buffer): UnixTarget {
  if (address.length <= PATH_AT || address.length > ADDRESS_BYTES) fail("EINVAL");
  if (address.readUInt16LE(0) !== Family.unix) fail("EINVAL");
  const bytes = Buffer.from(address.subarray(PATH_AT));
  if (bytes[0] === 0) return { kind: "abstract", bytes };
  const end = bytes.indexOf(0);
  return { kind: "path", path: byteStringOf(bytes.subarray(0, end < 0 ? bytes.length : end)) };
}

/** A struct sockaddr_un; without a name the family only. */
export function unixAddress(name: UnixName | undefined): Buffer {
  const family = Buffer.alloc(PATH_AT);
  family.writeUInt16LE(Family.unix, 0);
  return name === undefined ? family : Buffer.concat([family, name.bytes]);
}

export function pathName(path: ByteString, inode: Inode): UnixName {
  return { bytes: Buffer.concat([bytesOf(path), Buffer.alloc(1)]), inode };
}

/** Which socket has which name. */
export class UnixNames {
  readonly #byInode = new Map<Inode, UnixSocket>();
  readonly #abstract = new Map<string, UnixSocket>();
  #nextAutomatic = 0;

  /** Bounded by the sockets there may be: each has one name. */
  set(name: UnixName, socket: UnixSocket): void {
    if (name.inode !== undefined) this.#byInode.set(name.inode, socket);
    else this.#abstract.set(byteStringOf(name.bytes), socket);
  }

  delete(name: UnixName): void {
    if (name.inode !== undefined) this.#byInode.delete(name.inode);
    else this.#abstract.delete(byteStringOf(name.bytes));
  }

  /** Whoever goes by this name: connections share that of the socket they were accepted by. */
  holder(name: UnixName): UnixSocket | undefined {
    return name.inode !== undefined ? this.at(name.inode) : this.abstract(name.bytes);
  }

  at(inode: Inode): UnixSocket | undefined {
    return this.#byInode.get(inode);
  }

  /** EADDRINUSE when the name is taken. */
  claim(bytes: Buffer): UnixName {
    if (this.#abstract.has(byteStringOf(bytes))) fail("EADDRINUSE");
    return { bytes, inode: undefined };
  }

  abstract(bytes: Buffer): UnixSocket | undefined {
    return this.#abstract.get(byteStringOf(bytes));
  }

  /** A name nobody has: ENOSPC when all are taken. */
  automatic(): UnixName {
    for (let tries = 0; tries < AUTOMATIC_NAMES; tries++) {
      this.#nextAutomatic = (this.#nextAutomatic + 1) % AUTOMATIC_NAMES;
      const bytes = Buffer.from(`\0${this.#nextAutomatic.toString(16).padStart(5, "0")}`);
      if (!this.#abstract.has(byteStringOf(bytes))) return { bytes, inode: undefined };
    }
    return fail("ENOSPC");
  }
}
