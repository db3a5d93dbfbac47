import type { DatabaseSync } from "node:sqlite";
import type { ByteString } from "../../base/byte-string.ts";
import { sha256Stream } from "../../base/sha256.ts";
import type { SpaceEntry } from "./space-entry.ts";
import type { SpaceHead } from "./space-head.ts";
import type { NewCommit } from "./space-store.ts";

export type Change = readonly [ByteString, SpaceEntry | undefined];

/** Writes the rows of one commit. */
export interface CommitWriter {
  readonly version: number;
  readonly write: (change: Change) => void;
  /** Of contents that the workspace had not. */
  readonly newBytes: () => number;
  /** To be asked for once, when all is written. */
  readonly hash: () => string;
}

/** Nobody sees it before it is published. */
export function beginCommit(
  database: DatabaseSync,
  from: SpaceHead,
  { kind, note, head: { last }, at }: NewCommit,
): CommitWriter {
  const { lastInsertRowid } = database
    .prepare("INSERT INTO space_commit (space, kind, published, run, tool, command, made) VALUES (?, ?, 0, ?, ?, ?, ?)")
    // What else than a call made it is told where a call has its command.
    .run(from.id, kind, last.runId, last.tool, kind === "call" ? last.command : (note ?? ""), at);
  const version = Number(lastInsertRowid);
  const hash = sha256Stream();
  hash.update(`ztl-space-v1\n${from.hash}\n${kind}\n${JSON.stringify(note ?? null)}\n`);
  const insert = database.prepare("INSERT INTO space_change (space, path, number, entry) VALUES (?, ?, ?, ?)");
  const use = database.prepare("INSERT OR IGNORE INTO space_content (sha256, space) VALUES (?, ?)");
  let newBytes = 0;
  const write = ([path, entry]: Change): void => {
    const text = entry === undefined ? null : JSON.stringify(entry);
    hash.update(`${JSON.stringify([path, text])}\n`);
    insert.run(from.id, path, version, text);
    for (const state of entry === undefined ? [] : [entry.before, entry.after])
      if (state.type === "file" && state.sha256 !== "")
        newBytes += use.run(state.sha256, from.id).changes === 1 ? state.sizeBytes : 0;
  };
  return { version, write, newBytes: () => newBytes, hash: () => hash.digest("hex") };
}
