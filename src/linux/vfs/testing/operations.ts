import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Credentials } from "../credentials.ts";
import { OpenFlag, type Vfs } from "../vfs.ts";

/* Random operations that can be made in a guest's file tree and in a real directory, with outcomes to compare. */

export type Operation =
  | {
      readonly kind: "open";
      readonly path: string;
      readonly flags: number;
      readonly mode: number;
      readonly data: string;
    }
  | { readonly kind: "mkdir"; readonly path: string; readonly mode: number }
  | { readonly kind: "unlink" | "rmdir" | "list" | "read" | "readlink"; readonly path: string }
  | { readonly kind: "rename" | "link"; readonly path: string; readonly to: string }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | { readonly kind: "truncate"; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: "chmod"; readonly path: string; readonly mode: number };

const name = fc.constantFrom("a", "b", "c", "d", "f", "g", "h", "l", "big", "new", "dangling", "loop", "..", ".");
const path = fc
  .tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([names, slash]) => names.join("/") + (slash ? "/" : ""))
  // Above the tree the real directory has other neighbours than the guest's.
  .filter((text) => depthStaysInside(text));
const mode = fc.constantFrom(0o777, 0o755, 0o700, 0o644, 0o600, 0o444, 0o000, 0o555, 0o2755, 0o4711);
const flags = fc
  .tuple(
    fc.constantFrom(OpenFlag.readOnly, OpenFlag.writeOnly, OpenFlag.readWrite),
    fc.subarray<number>([
      OpenFlag.create,
      OpenFlag.exclusive,
      OpenFlag.truncate,
      OpenFlag.directory,
      OpenFlag.noFollow,
    ]),
  )
  .map(([access, more]) => more.reduce<number>((all, flag) => all | flag, access));
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("open" as const), path, flags, mode, data: fc.string() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mkdir" as const), path, mode }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("unlink", "rmdir", "list", "read", "readlink" as const), path }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("rename", "link" as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("symlink" as const), path, target: path }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("truncate" as const), path, sizeBytes: fc.nat({ max: 300_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("chmod" as const), path, mode }) },
);

/** Symbolic links lead at most one level up from where they are, so two levels are kept in reserve. */
function depthStaysInside(text: string): boolean {
  let depth = 0;
  for (const part of text.split("/")) {
    if (part === "..") depth--;
    else if (part !== "." && part !== "") depth++;
    if (depth < 0) return false;
  }
  return true;
}

export const isRoot = process.getuid?.() === 0;
export const NOBODY: Credentials = { uid: 65534, gid: 65534, groups: [] };
export const CALLER: Credentials = {
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  groups: process.getgroups?.() ?? [],
};

/** Runs one operation on the real directory as that user. */
export function asUser<T>(credentials: Credentials, work: () => T): T {
  if (credentials === CALLER) return work();
  process.setgroups?.([]);
  process.setegid?.(credentials.gid);
  process.seteuid?.(credentials.uid);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.([0]);
  }
}

export function onHost(root: string, op: Operation): unknown {
  const at = `${root}/${op.path}`;
  switch (op.kind) {
    case "open": {
      const fd = fs.openSync(at, op.flags, op.mode);
      try {
        if ((op.flags & OpenFlag.accessMode) !== OpenFlag.readOnly) fs.writeSync(fd, op.data, 0, "latin1");
        return "ok";
      } finally {
        fs.closeSync(fd);
      }
    }
    case "mkdir":
      return fs.mkdirSync(at, op.mode) ?? "ok";
    case "unlink":
      return fs.unlinkSync(at) ?? "ok";
    case "rmdir":
      return fs.rmdirSync(at) ?? "ok";
    case "list":
      return fs.readdirSync(at).sort().join();
    case "read":
      return fs.readFileSync(at, "latin1");
    case "readlink":
      return fs.readlinkSync(at);
    case "rename":
      return fs.renameSync(at, `${root}/${op.to}`) ?? "ok";
    case "link":
      return fs.linkSync(at, `${root}/${op.to}`) ?? "ok";
    case "symlink":
      return fs.symlinkSync(op.target, at) ?? "ok";
    case "truncate": {
      // Node's truncate opens the file first; a new description with O_WRONLY checks the same things.
      const fd = fs.openSync(at, fs.constants.O_WRONLY);
      try {
        return fs.ftruncateSync(fd, op.sizeBytes) ?? "ok";
      } finally {
        fs.closeSync(fd);
      }
    }
    case "chmod":
      return fs.chmodSync(at, op.mode) ?? "ok";
  }
}

export function onGuest(vfs: Vfs, op: Operation, credentials: Credentials): unknown {
  const base = vfs.resolveFromRoot("/w");
  const follow = { followLast: true, credentials };
  const opened = (openFlags: number) => vfs.open(base, op.path, openFlags, 0, credentials).location;
  switch (op.kind) {
    case "open": {
      const { location } = vfs.open(base, op.path, op.flags, op.mode, credentials);
      if ((op.flags & OpenFlag.accessMode) !== OpenFlag.readOnly)
        location.inode.write(Buffer.from(op.data, "latin1"), 0);
      return "ok";
    }
    case "mkdir":
      vfs.mkdir(base, op.path, op.mode, credentials);
      return "ok";
    case "unlink":
      vfs.unlink(base, op.path, credentials);
      return "ok";
    case "rmdir":
      vfs.rmdir(base, op.path, credentials);
      return "ok";
    case "list": {
      const location = opened(OpenFlag.directory);
      return vfs
        .list(location)
        .map((entry) => entry.name)
        .sort()
        .join();
    }
    case "read": {
      const location = opened(OpenFlag.readOnly);
      const { sizeBytes } = location.inode.stat();
      if (location.inode.type === 0o040000) return "EISDIR";
      const content = Buffer.alloc(sizeBytes);
      location.inode.read(content, 0);
      return content.toString("latin1");
    }
    case "readlink":
      return vfs.readlink(vfs.resolve(base, op.path, { ...follow, followLast: false }));
    case "rename":
      vfs.rename(base, op.path, base, op.to, 0, credentials);
      return "ok";
    case "link":
      vfs.link(vfs.resolve(base, op.path, { ...follow, followLast: false }), base, op.to, credentials);
      return "ok";
    case "symlink":
      vfs.symlink(op.target, base, op.path, credentials);
      return "ok";
    case "truncate":
      vfs.truncate(vfs.resolve(base, op.path, follow), op.sizeBytes, credentials);
      return "ok";
    case "chmod":
      vfs.chmod(vfs.resolve(base, op.path, follow), op.mode, credentials);
      return "ok";
  }
}

/** cp -a, hard links included. */
export function copyTree(source: string, target: string): void {
  const known = new Map<bigint, string>();
  const visit = (from: string, to: string): void => {
    const stat = fs.lstatSync(from, { bigint: true });
    const first = known.get(stat.ino);
    if (first !== undefined) {
      fs.linkSync(first, to);
      return;
    }
    if (stat.isDirectory()) {
      fs.mkdirSync(to);
      for (const child of fs.readdirSync(from)) visit(join(from, child), join(to, child));
    } else {
      known.set(stat.ino, to);
      if (stat.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(from), to);
      else fs.copyFileSync(from, to);
    }
    fs.lchownSync(to, Number(stat.uid), Number(stat.gid));
    if (!stat.isSymbolicLink()) fs.chmodSync(to, Number(stat.mode) & 0o7777);
  };
  visit(source, target);
}
