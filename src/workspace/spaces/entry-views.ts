import { inSlices } from "../../base/pace.ts";
import type { ChangeEntry } from "../changes/change-set.ts";

interface View {
  readonly version: string;
  readonly at: number;
  readonly entries: ReadonlyMap<string, ChangeEntry>;
}

/** How long one serves, in milliseconds: a person looks at one file after the other. */
const VIEW_MS_MAX = 5000;

/** The entries of reviews whose files are being looked at: putting them together takes all of a workspace's. */
export class EntryViews {
  readonly #views = new Map<string, View>();

  /** By path. What cannot be made is not kept. */
  async of(
    review: string,
    version: string,
    now: number,
    make: () => Promise<readonly ChangeEntry[]>,
  ): Promise<ReadonlyMap<string, ChangeEntry>> {
    for (const [id, { at }] of this.#views) if (now - at >= VIEW_MS_MAX) this.#views.delete(id);
    const known = this.#views.get(review);
    if (known?.version === version) return known.entries;
    const entries = new Map<string, ChangeEntry>();
    await inSlices(await make(), (entry) => entries.set(entry.path, entry));
    this.#views.set(review, { version, at: now, entries });
    return entries;
  }
}
