import assert from "node:assert/strict";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type ProposedChange, Workspace } from "../../src/workspace/index.ts";
import type { Attack } from "../attack.ts";

const EVIL = Buffer.from("planted");

function add(
  path: string,
  fileType: "file" | "directory" | "symlink" = "file",
  kind: "add" | "modify" = "add",
): ProposedChange {
  const what = { file: { content: EVIL }, directory: {}, symlink: { symlinkTarget: "/evil" } }[fileType];
  return { path, kind, fileType, mode: fileType === "directory" ? 0o700 : 0o644, ...what };
}

/** A cell that was taken over says what it likes; here a person is careless, too, and agrees to all of it. */
export const attack: Attack = {
  promise: 63,
  must: "No change set, even one that was approved, writes into ztl's own directories, replaces them, or the way to them.",
  async run(stage) {
    const home = stage.newDirectory();
    const state = stage.newDirectory();
    const cache = join(home, ".cache", "ztl");
    for (const directory of [join(cache, "compile"), join(home, "elsewhere")])
      mkdirSync(directory, { recursive: true });
    for (const file of ["key", "compile/code"]) writeFileSync(join(cache, file), "as it was");
    const hidden = [cache, join(home, ".local", "state", "ztl"), join(home, "to-cache")];
    symlinkSync(cache, join(home, "to-cache"));
    const workspace = await Workspace.open({ directory: join(state, "workspace"), hidden });
    const roots = [{ hostRoot: home, guestRoot: "/h" }];
    const attempt = async (changes: ProposedChange[], meanwhile = (): void => {}): Promise<string> => {
      const set = await workspace.propose({ runId: "r", agent: "a", tool: "t", command: "c", roots, changes });
      const paths = set.entries.map(({ path }) => path);
      await workspace.approve(set.id, { hash: set.hash, reviewer: "careless", protectedFiles: paths });
      meanwhile();
      const { status } = await workspace.sync(set.id);
      return set.entries.find(({ blocked }) => blocked !== undefined)?.blocked ?? status;
    };
    try {
      const attempts = [
        [add("/h/.cache/ztl/compile/code", "file", "modify")],
        [add("/h/.cache/ztl/key", "file", "modify")],
        [add("/h/.cache/ztl/new")],
        [add("/h/.cache/ztl/new", "directory"), add("/h/.cache/ztl/new/file")],
        [add("/h/.cache/ztl", "symlink")],
        [{ ...add("/h/.cache/ztl"), kind: "delete", fileType: "directory" }, add("/h/.cache/ztl", "symlink")],
        [{ ...add("/h/.cache"), kind: "delete", fileType: "directory" }, add("/h/.cache", "symlink")],
        // What is not there yet must not be prepared either.
        [add("/h/.local", "symlink")],
        [add("/h/.local", "directory"), add("/h/.local/state", "symlink")],
        [add("/h/.local", "directory"), add("/h/.local/state", "directory"), add("/h/.local/state/ztl", "directory")],
        [{ ...add("/h/to-cache", "symlink", "modify") }],
      ] as ProposedChange[][];
      for (const changes of attempts)
        assert.equal(await attempt(changes), "hidden-place", JSON.stringify(changes.map(({ path }) => path)));
      // Under another name, given to it between the yes and the sync.
      const moved = await attempt([add("/h/elsewhere/code")], () => {
        renameSync(join(home, "elsewhere"), join(home, "aside"));
        renameSync(join(cache, "compile"), join(home, "elsewhere"));
      });
      assert.equal(moved, "conflict");
      renameSync(join(home, "elsewhere"), join(cache, "compile"));
      linkSync(join(cache, "key"), join(home, "second-name"));
      await attempt([{ ...add("/h/second-name", "file", "modify") }]);
      assert.equal(readFileSync(join(cache, "key"), "latin1"), "as it was");
      assert.equal(readFileSync(join(cache, "compile", "code"), "latin1"), "as it was");
      assert.deepEqual(readdirSync(cache).sort(), ["compile", "key"]);
      assert.ok(!existsSync(join(home, ".local", "state", "ztl")));
      assert.equal(await attempt([add("/h/ordinary")]), "applied", "other changes go through");
    } finally {
      await workspace.close();
    }
  },
};
