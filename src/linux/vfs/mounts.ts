import { type ByteString, toByteString } from "../../base/byte-string.ts";
import type { PathGlobs } from "../../base/path-globs.ts";
import { ZtlError } from "../../errors.ts";
import type { Allowance } from "../allowance.ts";
import { EmptyDirectory, FixedFile, FixedSymlink } from "./fixed.ts";
import { HashCache } from "./hash-cache.ts";
import { HostShared, HostTree } from "./host-tree.ts";
import type { Inode } from "./inode.ts";
import type { LayerSource } from "./layer/layer-source.ts";
import { layeredRoot } from "./layer/layered-root.ts";
import { isLowerDirectory, type LowerInode } from "./lower-inode.ts";
import { RamFs, type RamFsOptions } from "./ram-fs.ts";
import type { ReadRecorder } from "./read-recorder.ts";

/**
 * One thing in the guest's file tree. `guest` is an absolute, normalised path without symbolic links; what lies below it in
 * another mount is hidden, directories missing on the way to it are shown.
 */
export type MountSpec =
  /** A host directory or file, never writable. */
  | { readonly guest: string; readonly kind: "ro"; readonly host: string; readonly exclude?: readonly string[] }
  /** A host directory whose changes stay in RAM. */
  | { readonly guest: string; readonly kind: "overlay"; readonly host: string; readonly exclude?: readonly string[] }
  /** An empty directory in RAM; `mode` defaults to 0o755. */
  | { readonly guest: string; readonly kind: "tmpfs"; readonly mode?: number }
  /** A read-only file with this content (text is stored as UTF-8); `mode` defaults to 0o644. */
  | { readonly guest: string; readonly kind: "file"; readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly guest: string; readonly kind: "symlink"; readonly target: string }
  /** A tree made by the personality: given by each Vfs (/proc; VfsOptions.roots), else the same for all runs (/dev). */
  | { readonly guest: string; readonly kind: "synthetic"; readonly root?: Inode };

export type MountKind = MountSpec["kind"] | "root" | "anonymous";

/** One mounted file system, as locations and /proc/mounts know it. */
export interface Mount {
  readonly kind: MountKind;
  /** "" for what is mounted nowhere (pipes). */
  readonly guestPath: ByteString;
  readonly readOnly: boolean;
  /** False for trees whose names come and go by themselves (/proc): every walk asks again. */
  readonly keepsNames: boolean;
  /** The RAM file system, for overlays and tmpfs. */
  readonly fs?: RamFs;
  /** Names of the host that are not there, and that nobody may give to something else. */
  readonly exclude?: PathGlobs;
}

/** A name in the plan: a mount, or a directory on the way to one. */
export interface Attachment {
  readonly name: string;
  readonly children: Map<string, Attachment>;
  spec: MountSpec | undefined;
  /** Position among all mounts; gives RAM file systems their device numbers. */
  index: number;
  tree: HostTree | undefined;
  /** The inode of a `file` or `symlink`: the same in every run. */
  fixed: Inode | undefined;
}

/** Device numbers of RAM file systems begin here: makedev(0, 256), above those of host devices. */
const FIRST_RAM_DEV = 0x100000;

/** A mount configuration, parsed once and used by run after run; keeps the host trees and what they remember. */
export class MountPlan {
  /** Hashes of host files, kept across runs. */
  readonly hashes = new HashCache();
  readonly root: Attachment = newAttachment("");
  readonly specs: readonly MountSpec[];
  readonly #shared: HostShared;
  readonly #trees: HostTree[] = [];

  constructor(specs: readonly MountSpec[], shared = new HostShared()) {
    this.specs = specs;
    this.#shared = shared;
    for (const [index, spec] of specs.entries()) this.#add(spec, index);
  }

  /** The host files and directories that are mounted. */
  get hostPaths(): readonly string[] {
    return this.specs.flatMap((spec) => (spec.kind === "ro" || spec.kind === "overlay" ? [spec.host] : []));
  }

  /** Starts a run on all host trees. */
  begin(recorder: ReadRecorder | undefined, allowance?: Allowance): void {
    this.#shared.hidden?.refresh();
    for (const tree of this.#trees) tree.begin(recorder, allowance);
  }

  /**
   * Looks at every host path now rather than when a run first walks into it.
   * @throws ZtlError `mount-missing` or `mount-invalid`
   */
  checkHost(): void {
    for (const tree of this.#trees) tree.root();
  }

  /** Runs `work`, whose reads are our own and not the guest's. */
  withoutRecording<T>(work: () => T): T {
    const recorders = this.#trees.map((tree) => tree.recorder);
    for (const tree of this.#trees) tree.recorder = undefined;
    try {
      return work();
    } finally {
      this.#trees.forEach((tree, i) => {
        tree.recorder = recorders[i];
      });
    }
  }

  close(): void {
    for (const tree of this.#trees) tree.close();
  }

  #add(spec: MountSpec, index: number): void {
    const path = toByteString(spec.guest);
    if (!path.startsWith("/") || path.includes("//") || path.includes("/./") || path.includes("/../")) {
      throw new ZtlError("mount-invalid", `A mount's guest path must be absolute and normalised: ${spec.guest}`);
    }
    let at = this.root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      let child = at.children.get(name);
      if (child === undefined) {
        child = newAttachment(name);
        at.children.set(name, child);
      }
      at = child;
    }
    if (at.spec !== undefined) throw new ZtlError("mount-invalid", `Two mounts at ${spec.guest}`);
    at.spec = spec;
    at.index = index;
    this.#prepare(at, spec, path);
  }

  #prepare(attachment: Attachment, spec: MountSpec, path: ByteString): void {
    switch (spec.kind) {
      case "ro":
      case "overlay":
        attachment.tree = new HostTree(this.#shared, spec.host, path, spec.exclude);
        this.#trees.push(attachment.tree);
        return;
      case "file": {
        const content = typeof spec.content === "string" ? Buffer.from(spec.content, "utf8") : spec.content;
        attachment.fixed = new FixedFile(content, spec.mode ?? 0o644);
        return;
      }
      case "symlink":
        attachment.fixed = new FixedSymlink(toByteString(spec.target));
        return;
      case "tmpfs":
      case "synthetic":
        return;
    }
  }
}

function newAttachment(name: string): Attachment {
  return { name, children: new Map(), spec: undefined, index: 0, tree: undefined, fixed: undefined };
}

/** What a run brings to its mounts. */
export interface RealiseOptions extends Omit<RamFsOptions, "dev"> {
  /** Trees of `synthetic` mounts that differ between runs, by guest path. */
  readonly roots?: Readonly<Record<string, () => Inode>>;
  /** What stands in the place of `file` mounts in this run, by guest path. */
  readonly files?: Readonly<Record<string, Inode>> | undefined;
  /** What earlier runs changed: lies over the host's files, under the overlays. */
  readonly layer?: LayerSource | undefined;
}

/** What a run mounts there: made when a path first leads through it, so that a run pays for what it uses only. */
export function realise(attachment: Attachment, path: ByteString, options: RealiseOptions): [Mount, Inode] {
  const { spec } = attachment;
  const dev = FIRST_RAM_DEV + attachment.index;
  switch (spec?.kind) {
    case undefined:
      return [{ kind: "root", guestPath: path, readOnly: true, keepsNames: true }, new EmptyDirectory()];
    case "ro":
      return [{ kind: spec.kind, guestPath: path, readOnly: true, keepsNames: true }, lowerRoot(attachment, options)];
    case "overlay": {
      const lower = lowerRoot(attachment, options);
      if (!isLowerDirectory(lower)) throw new ZtlError("mount-invalid", `Not a directory: ${spec.host}`);
      const [mount, root] = ramMount(spec.kind, path, new RamFs({ ...options, dev }, { lower }));
      return [{ ...mount, exclude: treeOf(attachment).exclude }, root];
    }
    case "tmpfs":
      return ramMount(spec.kind, path, new RamFs({ ...options, dev }, { mode: spec.mode ?? 0o755 }));
    case "synthetic": {
      const root = options.roots?.[spec.guest]?.() ?? spec.root;
      if (root === undefined) throw new ZtlError("mount-invalid", `No tree was given to mount at ${spec.guest}`);
      return [{ kind: spec.kind, guestPath: path, readOnly: false, keepsNames: false }, root];
    }
    case "file":
    case "symlink": {
      const fixed = (spec.kind === "file" ? options.files?.[spec.guest] : undefined) ?? attachment.fixed;
      if (fixed === undefined) throw new ZtlError("invariant", "A fixed mount was not prepared");
      return [{ kind: spec.kind, guestPath: path, readOnly: true, keepsNames: true }, fixed];
    }
  }
}

function ramMount(kind: MountKind, guestPath: ByteString, fs: RamFs): [Mount, Inode] {
  return [{ kind, guestPath, readOnly: false, keepsNames: true, fs }, fs.root];
}

function lowerRoot(attachment: Attachment, { layer }: RealiseOptions): LowerInode {
  const tree = treeOf(attachment);
  return layer === undefined ? tree.root() : layeredRoot(tree, layer);
}

function treeOf(attachment: Attachment): HostTree {
  if (attachment.tree === undefined) throw new ZtlError("invariant", "A host mount was not prepared");
  return attachment.tree;
}
