import type { BlobFiles } from "../../base/blob-files.ts";
import { inParallel } from "../../base/parallel.ts";
import type { ChangeEntry, Conflict } from "../changes/change-set.ts";
import { hasSameContent } from "../changes/node-state.ts";
import { PARALLEL_FILES } from "../limits.ts";

/** Of what would be written: contents that are not what the reviewer was shown, as somebody has replaced or removed them since. */
export async function changedContents(chosen: readonly ChangeEntry[], blobs: BlobFiles): Promise<Conflict[]> {
  const whole = new Map<string, Promise<boolean>>();
  const isWhole = async (sha256: string): Promise<boolean> =>
    sha256 !== "" && (await blobs.check(sha256)).state === "whole";
  const changed: Conflict[] = [];
  await inParallel(chosen, PARALLEL_FILES, async ({ path, edit: { before, after }, blocked }) => {
    const isWritten = after.type === "file" && after.nameOf === undefined && !hasSameContent(before, after);
    if (!isWritten || blocked !== undefined) return;
    const checked = whole.get(after.sha256) ?? isWhole(after.sha256);
    whole.set(after.sha256, checked);
    if (!(await checked)) changed.push({ path, reason: "kept-content-changed" });
  });
  return changed;
}
