import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** File type bits of `st_mode` (inode(7)). */
const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const LINK = 0o120000;
const PADDING = Buffer.alloc(3);

/** Writes a cpio archive in the "newc" format, as the kernel unpacks it (Documentation/driver-api/early-userspace). */
export class Archive {
  readonly #fd: number;
  readonly #names = new Set(["", "."]);
  #bytes = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "w");
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when something with this name is there already; the first one stays. */
  has(path: string): boolean {
    return this.#names.has(nameOf(path));
  }

  file(path: string, content: Buffer | string, executable = false): void {
    this.#add(path, REGULAR | (executable ? 0o755 : 0o644), Buffer.from(content));
  }

  /** A file of this machine, under the same name or another. */
  copy(from: string, to: string, executable = false): void {
    if (!this.has(to)) this.file(to, readFileSync(from), executable);
  }

  link(path: string, target: string): void {
    this.#add(path, LINK | 0o777, Buffer.from(target));
  }

  directory(path: string): void {
    this.#add(path, DIRECTORY | 0o755, Buffer.alloc(0));
  }

  close(): void {
    this.#entry("TRAILER!!!", 0, Buffer.alloc(0));
    closeSync(this.#fd);
  }

  #add(path: string, mode: number, content: Buffer): void {
    const name = nameOf(path);
    if (this.#names.has(name)) return;
    this.#names.add(name);
    const parent = nameOf(dirname(name));
    if (!this.#names.has(parent)) this.directory(parent);
    this.#entry(name, mode, content);
  }

  #entry(name: string, mode: number, content: Buffer): void {
    const nameBytes = Buffer.from(`${name}\0`);
    // Magic; inode, mode, uid, gid, links, mtime, size; device and rdev as major and minor; name size; no checksum.
    const fields = [0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, nameBytes.length, 0];
    this.#write(Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`));
    this.#write(nameBytes);
    this.#pad();
    this.#write(content);
    this.#pad();
  }

  #pad(): void {
    this.#write(PADDING.subarray(0, (4 - (this.#bytes % 4)) % 4));
  }

  #write(data: Buffer): void {
    for (let at = 0; at < data.length; ) at += writeSync(this.#fd, data, at);
    this.#bytes += data.length;
  }
}

/** cpio names begin at the root, without a slash. */
function nameOf(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}
