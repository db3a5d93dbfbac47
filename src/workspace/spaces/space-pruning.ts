import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { Pace } from "../../base/pace.ts";
import { CUT_MS_MAX, HISTORY_BYTES_MAX, HISTORY_KEPT_MS } from "../limits.ts";
import { removeInSlices } from "../state/removal.ts";
import { parseSpaceEntry } from "../state/stored.ts";

/** Rows removed, or looked through, at once. */
const ROWS_AT_ONCE = 200;
/** In the place of 0 and 1: it is being removed, and nobody can publish it any more. */
const GIVEN_UP = -1;

/**
 * Forgets what no review, no call and no replay will ask for: what killed processes had begun, workspaces in which nothing has been
 * pending for long, and of the others versions gone by as long, or with more contents than is kept. Each is marked first, so that whoever is killed here, or works with it
 * at the same time, finds it there or gone and never in part. Contents that nothing names any more are removed with the next blobs.
 */
export async function pruneSpaces(
  database: DatabaseSync,
  now: number,
  historyBytesMax = HISTORY_BYTES_MAX,
): Promise<void> {
  const spaces = new Set<string>();
  for (const prune of [giveUpUnpublished, forgetIdle, forgetVersions])
    for (const space of await prune(database, now, historyBytesMax)) spaces.add(space);
  for (const space of spaces) await forgetContents(database, space);
}

async function giveUpUnpublished(database: DatabaseSync, now: number): Promise<string[]> {
  const rows = database
    .prepare("UPDATE space_commit SET published = ? WHERE published < 1 AND made < ? RETURNING number, space")
    .all(GIVEN_UP, now - CUT_MS_MAX);
  for (const { number } of rows) {
    await removeInSlices(database, "space_change", "(space, path, number)", "number = ?", Number(number));
    database.prepare("DELETE FROM space_commit WHERE number = ?").run(Number(number));
  }
  return rows.map(({ space }) => String(space));
}

/** An owner who comes back gets a new one. */
async function forgetIdle(database: DatabaseSync, now: number): Promise<string[]> {
  database
    .prepare(
      `DELETE FROM space WHERE entries = 0 AND expires < ? AND NOT EXISTS (SELECT 1 FROM taken WHERE taken.space = space.id)`,
    )
    .run(now - HISTORY_KEPT_MS);
  const gone = database
    .prepare("SELECT DISTINCT space FROM space_commit WHERE space NOT IN (SELECT id FROM space)")
    .all()
    .map(({ space }) => String(space));
  for (const space of gone) {
    await removeInSlices(database, "space_change", "(space, path, number)", "space = ?", space);
    await removeInSlices(database, "space_content", "(sha256, space)", "space = ?", space);
    await removeInSlices(database, "space_commit", "number", "space = ?", space);
  }
  return [];
}

/**
 * The oldest version that is kept is the last of 30 days ago, or the one after which all that was written is as much as is kept. What a
 * path had before that is in no version that can be asked for.
 */
async function forgetVersions(database: DatabaseSync, now: number, historyBytesMax: number): Promise<string[]> {
  const moved = database
    .prepare(
      `UPDATE space SET kept = old.number FROM (
         SELECT space, max(number) AS number FROM (
           SELECT space, number, made, sum(bytes) OVER (PARTITION BY space ORDER BY number DESC) AS since
           FROM space_commit WHERE published = 1
         ) WHERE made < ? OR since > ? GROUP BY space
       ) AS old WHERE old.space = space.id AND old.number > space.kept RETURNING id, kept`,
    )
    .all(now - HISTORY_KEPT_MS, historyBytesMax);
  for (const { id, kept } of moved) {
    const isOlder = `space = ? AND number < ? AND EXISTS (
      SELECT 1 FROM space_change AS later JOIN space_commit AS made ON made.number = later.number
      WHERE later.space = space_change.space AND later.path = space_change.path AND later.number > space_change.number
      AND later.number <= ? AND made.published = 1)`;
    await removeInSlices(
      ...[database, "space_change", "(space, path, number)", isOlder],
      ...[String(id), Number(kept), Number(kept)],
    );
    const isEmpty = `space = ? AND number < ? AND published = 1
      AND NOT EXISTS (SELECT 1 FROM space_change WHERE space_change.number = space_commit.number)`;
    await removeInSlices(database, "space_commit", "number", isEmpty, String(id), Number(kept));
  }
  return moved.map(({ id }) => String(id));
}

/** Marks of contents that are in no version any more. */
async function forgetContents(database: DatabaseSync, space: string): Promise<void> {
  const last = lastCommit(database, space);
  const used = await contentsIn(database, space);
  const select = database.prepare(
    `SELECT sha256 FROM space_content WHERE space = ? AND sha256 > ? ORDER BY sha256 LIMIT ${ROWS_AT_ONCE}`,
  );
  const remove = database.prepare("DELETE FROM space_content WHERE space = ? AND sha256 = ?");
  const pace = new Pace();
  for (let after = ""; ; ) {
    const found = select.all(space, after).map(({ sha256 }) => String(sha256));
    const isSame = transaction(database, () => {
      // Whoever commits meanwhile may rely on a mark that is there.
      if (lastCommit(database, space) !== last) return false;
      for (const sha256 of found) if (!used.has(sha256)) remove.run(space, sha256);
      return true;
    });
    if (!isSame || found.length < ROWS_AT_ONCE) return;
    after = found.at(-1) ?? "";
    if (pace.isOver) await pace.rest();
  }
}

async function contentsIn(database: DatabaseSync, space: string): Promise<Set<string>> {
  const select = database.prepare(
    `SELECT path, number, entry FROM space_change WHERE space = ? AND (path, number) > (?, ?)
     ORDER BY path, number LIMIT ${ROWS_AT_ONCE}`,
  );
  const used = new Set<string>();
  const pace = new Pace();
  for (let [path, number] = ["", 0]; ; ) {
    const rows = select.all(space, path, number);
    for (const { entry } of rows) {
      if (entry === null) continue;
      const { before, after } = parseSpaceEntry(String(entry));
      for (const state of [before, after]) if (state.type === "file") used.add(state.sha256);
    }
    if (rows.length < ROWS_AT_ONCE) return used;
    [path, number] = [String(rows.at(-1)?.path), Number(rows.at(-1)?.number)];
    if (pace.isOver) await pace.rest();
  }
}

function lastCommit(database: DatabaseSync, space: string): number {
  return Number(database.prepare("SELECT max(number) AS number FROM space_commit WHERE space = ?").get(space)?.number);
}
