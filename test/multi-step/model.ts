import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { Found, FoundTree } from "./programs.ts";

/** One call, as it tells of itself and as the ledger tells of it. */
export interface CallStory {
  readonly saw: FoundTree;
  readonly left: FoundTree;
  readonly forModel: string;
  readonly reviewId: string | undefined;
  /** Of its workspace, with its changes; undefined when it made none. */
  readonly version: number | undefined;
  /** Paths at which its work was not taken. */
  readonly refused: ReadonlySet<string>;
  /** Contents that were not taken, and are kept. */
  readonly kept: readonly string[];
}

export interface Counts {
  taken: number;
  joined: number;
  refused: number;
}

/**
 * What a workspace has to be after calls that ran at once: each call's changes over what is there, by path. What two changed is
 * put together line by line, or the later one is told.
 */
export class WorkspaceModel {
  readonly #tree: Map<string, Found>;

  constructor(host: FoundTree) {
    this.#tree = new Map(host);
  }

  take(stories: readonly CallStory[], counts: Counts): void {
    const versions = new Set(stories.flatMap(({ version }) => version ?? []));
    for (const version of [...versions].sort((a, b) => a - b)) {
      // Several have the same when a call's changes were all there already, or all refused.
      const group = stories.filter((one) => one.version === version);
      const before = new Map(this.#tree);
      for (const story of group) this.#lay(story, counts);
      for (const story of group) for (const path of story.refused) this.#assertRefused(story, path, before);
    }
    for (const { version, saw, left } of stories)
      if (version === undefined) assert.deepEqual(left, saw, "a call without a change set changed nothing");
  }

  assertSame(seen: FoundTree): void {
    assert.deepEqual(this.#compared(seen), this.#compared(this.#tree));
    for (const path of seen.keys()) {
      const parent = dirname(path);
      assert.ok(parent === "." || seen.get(parent)?.kind === "d", `${path} is in a directory`);
    }
  }

  /** Of texts that were put together, lines in the order of the alphabet: where two put some at one place, either may be first. */
  #compared(tree: FoundTree): object {
    const entries = [...tree].map(([path, { kind, mode, lines }]) => {
      const isJoined = this.#tree.get(path)?.isJoined === true;
      return [path, { kind, mode, lines: isJoined ? [...lines].sort() : lines }] as const;
    });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #lay({ saw, left, refused, forModel }: CallStory, counts: Counts): void {
    for (const path of new Set([...saw.keys(), ...left.keys()])) {
      const [base, mine, now] = [saw.get(path), left.get(path), this.#tree.get(path)];
      if (isSame(base, mine)) continue;
      if (refused.has(path)) {
        counts.refused++;
        assert.ok(forModel.includes(JSON.stringify(`/project/${path}`)), `the model is told of ${path}`);
      } else if (isSame(now, base) || isSame(now, mine)) {
        counts.taken++;
        if (mine === undefined) this.#tree.delete(path);
        else this.#tree.set(path, mine);
      } else {
        counts.joined++;
        assert.match(forModel, /both changes are in/);
        this.#tree.set(path, joined(path, base, now, mine));
      }
    }
  }

  /** Somebody else was there, or where it is in or what is in it; and nothing of it is lost. */
  #assertRefused({ saw, left, kept }: CallStory, path: string, before: FoundTree): void {
    const related = [...saw.keys(), ...left.keys(), ...before.keys(), ...this.#tree.keys()].filter(
      (one) => `${one}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${one}/`),
    );
    const isMoved = related.some((one) => {
      const states = [before.get(one), this.#tree.get(one)];
      return states.some((state) => !isSame(state, saw.get(one)));
    });
    assert.ok(isMoved, `${path} is no conflict with anybody`);
    const mine = left.get(path);
    if (mine?.kind !== "f" || mine.lines.length === 0) return;
    assert.ok(
      kept.some((content) => content === `${mine.lines.join("\n")}\n`),
      `what was not taken of ${path} is kept`,
    );
  }
}

/** Files alone are put together; each line is in a file once. */
function joined(path: string, base: Found | undefined, now: Found | undefined, mine: Found | undefined): Found {
  assert.ok(base?.kind === "f" && now?.kind === "f" && mine?.kind === "f", `${path} cannot be put together`);
  const [had, theirs, own] = [base, now, mine].map(({ lines }) => new Set(lines)) as [
    Set<string>,
    Set<string>,
    Set<string>,
  ];
  const lines = [...new Set([...theirs, ...own])].filter(
    (line) => !had.has(line) || (theirs.has(line) && own.has(line)),
  );
  const mode = now.mode === base.mode ? mine.mode : now.mode;
  return { kind: "f", mode, lines, isJoined: true };
}

function isSame(a: Found | undefined, b: Found | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.kind === b.kind && a.mode === b.mode && a.lines.length === b.lines.length && hasLines(a, b.lines);
}

function hasLines(found: Found, lines: readonly string[]): boolean {
  const all = new Set(found.lines);
  return lines.every((line) => all.has(line));
}
