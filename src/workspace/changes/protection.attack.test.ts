import assert from "node:assert/strict";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makeWorld, proposalOf } from "../testing/world.ts";

const put = (name: string) => (d: string) => {
  fs.mkdirSync(dirname(join(d, name)), { recursive: true });
  fs.writeFileSync(join(d, name), "x");
};

const GUARDED: Readonly<Record<string, (d: string) => void>> = {
  "a git hook": put(".git/hooks/pre-commit"),
  "a hook in a repository further down": put("vendor/x/.git/hooks/post-checkout"),
  "a submodule's hook": put(".git/modules/a/b/hooks/pre-push"),
  "in capitals": put(".GIT/Hooks/pre-commit"),
  "with a character some file systems ignore": put(".g\u200cit/hooks/pre-commit"),
  "a shell's start file": put("home/.BASHRC"),
  "a build server's file": put(".github/workflows/ci.yml"),
  "an agent's instructions": put("docs/CLAUDE.md"),
  "an agent's servers": put(".mcp.json"),
  "an editor's tasks": put(".vscode/tasks.json"),
  "our own configuration": put("ztl.config.ts"),
  "a package's scripts": put("web/package.json"),
  "a program that is installed": put("node_modules/.bin/tsc"),
  "a variable of a container": put(".env.local"),
  "with a dot at the end, which FAT drops": put("Makefile."),
  "a directory that takes the hooks' place": (d) => {
    put("ready/.git/hooks/pre-commit")(d);
    fs.renameSync(join(d, "ready", ".git"), join(d, ".git"));
  },
  "a path of the user's own": put("infra/secrets/x"),
  "a link that stands in for a directory on the way": (d) => fs.symlinkSync("evil", join(d, ".github")),
  "a file that says where git's directory is": put("module/.git"),
  "a link to a hook": (d) => {
    fs.mkdirSync(join(d, "docs"));
    fs.symlinkSync("../.git/hooks", join(d, "docs", "x"));
  },
  "a link to keys": (d) => fs.symlinkSync("/home/u/.ssh/authorized_keys", join(d, "x")),
  "a set-user-id program": (d) => {
    put("program")(d);
    fs.chmodSync(join(d, "program"), 0o4755);
  },
};

for (const [name, change] of Object.entries(GUARDED)) {
  test(`needs a yes of its own: ${name}`, async (t) => {
    const { workspace, ...world } = await makeWorld(t, { protectedPaths: ["infra/secrets"] });
    const { id, hash } = await workspace.propose(proposalOf(world, change));
    const refused = await workspace.approve(id, { hash, reviewer: "r" });
    assert.equal(refused.status, "protected", JSON.stringify(refused));
    const files = refused.status === "protected" ? refused.files : [];
    assert.ok(files.length > 0 && files.every(({ reasons }) => reasons.length > 0));
    const protectedFiles = files.map(({ path }) => path);
    assert.equal((await workspace.approve(id, { hash, reviewer: "r", protectedFiles })).status, "approved");
  });
}

test("deleting and renaming protected files counts, both ways", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  put(".npmrc")(world.host);
  put("harmless")(world.host);
  const gone = await workspace.propose(proposalOf(world, (d) => fs.rmSync(join(d, ".npmrc"))));
  assert.equal((await workspace.approve(gone.id, { hash: gone.hash, reviewer: "r" })).status, "protected");
  for (const [from, to] of [
    [".npmrc", "renamed"],
    ["harmless", ".envrc"],
  ] as const) {
    const proposal = proposalOf(world, (d) => fs.renameSync(join(d, from), join(d, to)));
    const changes = proposal.changes.map((change) =>
      change.kind === "add" ? { ...change, renamedFrom: `/project/${from}` } : change,
    );
    const set = await workspace.propose({ ...proposal, changes });
    const result = await workspace.approve(set.id, { hash: set.hash, reviewer: "r" });
    const files = result.status === "protected" ? result.files.map(({ path }) => path).sort() : result.status;
    assert.deepEqual(files, [`/project/${from}`, `/project/${to}`].sort());
  }
});

test("a file with another name on the host is not made a program unseen", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  put("notes.txt")(world.host);
  fs.mkdirSync(join(world.place, "outside"));
  fs.linkSync(join(world.host, "notes.txt"), join(world.place, "outside", "pre-commit"));
  const { id, hash } = await workspace.propose(proposalOf(world, (d) => fs.chmodSync(join(d, "notes.txt"), 0o755)));
  assert.equal((await workspace.approve(id, { hash, reviewer: "r" })).status, "protected");
});

test("ordinary files need none", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  const names = [
    "src/index.ts",
    ".git/objects/ab/cd",
    ".git/index",
    "docs/git/hooks.md",
    "var/x",
    "config.json",
    ".gitignore",
  ];
  const { id, hash } = await workspace.propose(proposalOf(world, (d) => names.forEach((name) => put(name)(d))));
  assert.equal((await workspace.approve(id, { hash, reviewer: "r" })).status, "approved");
});
