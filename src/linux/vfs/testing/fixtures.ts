import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinuxError } from "../../errno.ts";
import { FileType } from "../inode.ts";
import type { Location } from "../location.ts";
import type { Vfs } from "../vfs.ts";

/** Helpers of the tests in this folder: host directories to mount, and pictures of trees to compare. */

/** A new empty host directory, removed by `dispose`. */
export function temporaryDirectory(): { readonly path: string; dispose(): void } {
  const path = fs.mkdtempSync(join(tmpdir(), "ztl-vfs-"));
  return { path, dispose: () => fs.rmSync(path, { recursive: true, force: true }) };
}

export const BIG_BYTES = 200_000;

/** Files of every shape: nested, large, linked twice, links that dangle, loop and lead to directories. */
export function buildSampleTree(root: string): void {
  fs.mkdirSync(join(root, "a/b"), { recursive: true });
  fs.mkdirSync(join(root, "c"));
  fs.writeFileSync(join(root, "f"), "first file\n");
  fs.writeFileSync(join(root, "a/g"), "g");
  fs.writeFileSync(join(root, "a/b/big"), Buffer.alloc(BIG_BYTES, "0123456789abcdef!"));
  fs.writeFileSync(join(root, "c/h"), "two names");
  fs.linkSync(join(root, "c/h"), join(root, "a/h"));
  fs.symlinkSync("../f", join(root, "a/l"));
  fs.symlinkSync("a/b", join(root, "d"));
  fs.symlinkSync("nowhere", join(root, "dangling"));
  fs.symlinkSync("loop", join(root, "loop"));
  fs.chmodSync(join(root, "c"), 0o750);
  fs.chmodSync(join(root, "a/g"), 0o600);
}

/** What a tree looks like: one line of facts per path, sorted. */
export type Picture = Readonly<Record<string, string>>;

export interface PictureOptions {
  /** Link counts too: of all, or of regular files: two names of one symbolic link become two in a list of changes. */
  readonly links?: boolean | "files";
  /** Inode numbers and times too: nothing at all may have happened. */
  readonly identity?: boolean;
}

export function hostPicture(root: string, options: PictureOptions = {}): Picture {
  const picture: Record<string, string> = {};
  const visit = (path: Buffer, name: string): void => {
    const stat = fs.lstatSync(path, { bigint: true });
    const content = stat.isFile()
      ? hash(fs.readFileSync(path))
      : stat.isSymbolicLink()
        ? fs.readlinkSync(path, "latin1")
        : "";
    const facts = [Number(stat.mode).toString(8), stat.uid, stat.gid, content];
    if (options.links === true || (options.links && stat.isFile())) facts.push(`links ${stat.nlink}`);
    if (options.identity) facts.push(stat.ino, stat.mtimeNs, stat.ctimeNs);
    picture[name] = facts.join(" ");
    if (!stat.isDirectory()) return;
    for (const child of fs.readdirSync(path, { encoding: "buffer" })) {
      visit(Buffer.concat([path, Buffer.from("/"), child]), `${name}/${child.toString("latin1")}`);
    }
  };
  visit(Buffer.from(root), "");
  return sorted(picture);
}

export function guestPicture(vfs: Vfs, root: string, options: PictureOptions = {}): Picture {
  const picture: Record<string, string> = {};
  const visit = (at: Location, name: string): void => {
    const stat = at.inode.stat();
    const content =
      at.inode.type === FileType.regular
        ? hash(readAll(at))
        : at.inode.type === FileType.symlink
          ? at.inode.readlink()
          : "";
    const facts: unknown[] = [stat.mode.toString(8), stat.uid, stat.gid, content];
    if (options.links === true || (options.links && at.inode.type === FileType.regular))
      facts.push(`links ${stat.nlink}`);
    picture[name] = facts.join(" ");
    if (at.inode.type !== FileType.directory) return;
    for (const entry of vfs.list(at)) {
      const child = vfs.child(at, entry.name);
      if (child !== undefined) visit(child, `${name}/${entry.name}`);
    }
  };
  visit(vfs.resolveFromRoot(root), "");
  return sorted(picture);
}

export function readAll(location: Location): Buffer {
  const content = Buffer.alloc(location.inode.stat().sizeBytes);
  let done = 0;
  while (done < content.length) {
    const bytes = location.inode.read(content.subarray(done), done);
    if (bytes === 0) break;
    done += bytes;
  }
  return content.subarray(0, done);
}

/** The name of the error `operation` fails with, or its result. */
export function outcomeOf<T>(operation: () => T): T | string {
  try {
    return operation();
  } catch (error) {
    if (error instanceof LinuxError) return error.name;
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
}

export function assertFails(operation: () => unknown, errno: string): void {
  assert.equal(outcomeOf(operation), errno);
}

function hash(content: Uint8Array): string {
  return `${content.length}:${createHash("sha256").update(content).digest("hex").slice(0, 12)}`;
}

function sorted(picture: Record<string, string>): Picture {
  return Object.fromEntries(Object.entries(picture).sort(([a], [b]) => (a < b ? -1 : 1)));
}
