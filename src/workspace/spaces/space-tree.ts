import { setImmediate as otherWork } from "node:timers/promises";
import type { ByteString } from "../../base/byte-string.ts";
import { type FileContent, type LayerNode, LayerTree } from "../../base/layer/index.ts";
import { type FileState, hasSameContent } from "../changes/node-state.ts";
import { differingPaths, type SpaceEntries } from "./space-entries.ts";
import type { SpaceEntry } from "./space-entry.ts";

/** Entries looked at between two looks at other work of the process: a few milliseconds. */
const ENTRIES_AT_ONCE = 1000;
/** Entries turned into nodes, each of which may have a content that has to be copied. */
const NODES_AT_ONCE = 100;

/** Where a layer keeps a content. */
export type KeepContent = (state: FileState) => Promise<FileContent>;

/** A name and the entry that says what is there; a link to a file of the host makes that one's name a part of the layer, too. */
interface Name {
  readonly path: ByteString;
  readonly entry: SpaceEntry;
}

/**
 * A workspace's entries as the tree of a layer. From one version to another, either way, only what differs is set anew: entries
 * never change, so that two versions share those that are the same.
 */
export class SpaceTree {
  readonly tree = new LayerTree();
  #entries: SpaceEntries = new Map();
  #liveBytes = 0;
  /** Names of one file (hard links), by what makes them one. */
  readonly #files = new Map<string, Set<ByteString>>();
  readonly #groups = new Map<string, number>();
  #lastGroup = 0;

  /** Of all files, with those of several names counted so often. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  async update(entries: SpaceEntries, keep: KeepContent): Promise<void> {
    const changed = await differingPaths(this.#entries, entries);
    const files = new Set<string>();
    let count = 0;
    for (const path of changed) {
      if (++count % ENTRIES_AT_ONCE === 0) await otherWork();
      const [before, now] = [this.#entries.get(path), entries.get(path)];
      if (before !== undefined) this.#forget(path, before, files);
      if (now !== undefined) this.#add(path, now, files);
    }
    this.#entries = entries;
    for (const path of changed) {
      if (++count % NODES_AT_ONCE === 0) await otherWork();
      const entry = entries.get(path);
      if (entry?.after.type !== "file") this.tree.set(path, entry && nodeOf(entry));
    }
    for (const key of files) {
      if (++count % NODES_AT_ONCE === 0) await otherWork();
      await this.#setFile(key, keep);
    }
  }

  #forget(path: ByteString, { after }: SpaceEntry, files: Set<string>): void {
    if (after.type !== "file") return;
    this.#liveBytes -= after.sizeBytes;
    const key = fileOf(path, after);
    files.add(key);
    this.#files.get(key)?.delete(path);
    // The host's own name of it is a part of the layer only as long as there is another one.
    if (after.nameOf !== undefined) this.tree.set(after.nameOf, undefined);
  }

  #add(path: ByteString, { after }: SpaceEntry, files: Set<string>): void {
    if (after.type !== "file") return;
    this.#liveBytes += after.sizeBytes;
    const key = fileOf(path, after);
    files.add(key);
    const names = this.#files.get(key);
    if (names === undefined) this.#files.set(key, new Set([path]));
    else names.add(path);
  }

  async #setFile(key: string, keep: KeepContent): Promise<void> {
    const names = this.#namesOf(key);
    const [first] = names;
    if (first === undefined) {
      this.#files.delete(key);
      this.#groups.delete(key);
      return;
    }
    if (names.length > 1 && !this.#groups.has(key)) this.#groups.set(key, ++this.#lastGroup);
    const linkGroup = names.length > 1 ? (this.#groups.get(key) ?? 0) : 0;
    for (const { path, entry } of names) {
      const after = entry.after as FileState;
      // Permissions alone were changed, and the content is the host's of now.
      const isHosts = names.length === 1 && entry.before.type === "file" && hasSameContent(entry.before, after);
      const content: FileContent = isHosts ? { kind: "host" } : await keep(after);
      const { mode, uid, gid } = after;
      const times = { mtimeNs: timeOf(entry) };
      this.tree.set(path, { type: "file", mode, uid, gid, ...times, content, linkGroup, links: names.length });
    }
  }

  #namesOf(key: string): Name[] {
    const names = [...(this.#files.get(key) ?? [])].map((path): Name => {
      return { path, entry: this.#entries.get(path) as SpaceEntry };
    });
    const [first] = names;
    const hosts = first?.entry.after.type === "file" ? first.entry.after.nameOf : undefined;
    if (first === undefined || hosts === undefined || this.#entries.has(hosts)) return names;
    return [...names, { path: hosts, entry: first.entry }];
  }
}

/** Names are one file when they say so, and everything else about them is equal, too. */
function fileOf(path: ByteString, { inode, nameOf, sha256, mode, uid, gid, mtimeNs }: FileState): string {
  const file = nameOf === undefined ? `inode ${inode ?? path}` : `name ${nameOf}`;
  return `${file} ${sha256} ${mode} ${uid} ${gid} ${mtimeNs ?? ""}`;
}

function nodeOf(entry: SpaceEntry): LayerNode | undefined {
  const { after } = entry;
  switch (after.type) {
    case "absent":
      return { type: "absent" };
    case "directory": {
      const { mode, uid, gid } = after;
      // What of the host's is gone from it is gone by entries of their own.
      return { type: "directory", isOpaque: false, attributes: { mode, uid, gid, mtimeNs: timeOf(entry) } };
    }
    case "symlink": {
      const { target, uid, gid } = after;
      return { type: "symlink", target, uid, gid, mtimeNs: timeOf(entry) };
    }
    default:
      return undefined;
  }
}

function timeOf({ after, mtimeNs }: SpaceEntry): bigint {
  const time = after.type === "file" ? (after.mtimeNs ?? mtimeNs) : mtimeNs;
  return time === undefined ? 0n : BigInt(time);
}
