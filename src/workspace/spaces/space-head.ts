import type { Root } from "../changes/proposed-change.ts";
import { parseRoots } from "../state/stored.ts";
import type { Author } from "./space-entry.ts";

/** A workspace's one row: where it stands. */
export interface SpaceHead {
  readonly id: string;
  /** Whose it is; equal owners have one workspace. */
  readonly owner: string;
  readonly agent: string;
  /** The id of its review, as long as something is pending. */
  readonly review: string;
  /** The number of the last commit; 0 before the first. */
  readonly version: number;
  /** Of everything that was ever committed, in order: equal hashes mean equal contents. */
  readonly hash: string;
  readonly roots: readonly Root[];
  readonly entryCount: number;
  readonly sizeBytes: number;
  /** The last call that changed something. */
  readonly last: Author & { readonly command: string };
  readonly beganAt: number;
  readonly expiresAt: number;
  /** The oldest version that can be asked for. */
  readonly kept: number;
}

export function toHead(row: Record<string, unknown>): SpaceHead {
  return {
    id: String(row.id),
    owner: String(row.owner),
    agent: String(row.agent),
    review: String(row.review),
    version: Number(row.head),
    hash: String(row.hash),
    roots: parseRoots(String(row.roots)),
    entryCount: Number(row.entries),
    sizeBytes: Number(row.bytes),
    last: { runId: String(row.run), tool: String(row.tool), command: String(row.command) },
    beganAt: Number(row.began),
    expiresAt: Number(row.expires),
    kept: Number(row.kept),
  };
}
