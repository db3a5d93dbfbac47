import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { WorkspaceOptions } from "../index.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
import { makeWorld, proposalOf, type World } from "../testing/world.ts";

/** A workspace with a change in each of two directories. */
async function twoRoots(
  t: TestContext,
  options: Partial<WorkspaceOptions> = {},
): Promise<{ world: World; other: string; id: string }> {
  const world = await makeWorld(t, options);
  const other = `${world.host}-other`;
  fs.mkdirSync(other);
  t.after(() => fs.rmSync(other, { recursive: true, force: true }));
  const changes = proposalOf(world, (directory) => fs.writeFileSync(join(directory, "new"), "made")).changes;
  const elsewhere = changes.map(({ pathBytes: _, ...one }) => ({
    ...one,
    path: one.path.replace(GUEST_ROOT, "/other"),
  }));
  const view = await world.workspace.spaces.view("owner", "agent");
  const { review } = await world.workspace.spaces.commit(view, {
    ...{
      runId: "run",
      agent: "agent",
      tool: "shell",
      command: "true",
      labels: [],
      changes: [...changes, ...elsewhere],
    },
    roots: [
      { hostRoot: world.host, guestRoot: GUEST_ROOT },
      { hostRoot: other, guestRoot: "/other" },
    ],
  });
  return { world, other, id: review?.id ?? assert.fail("nothing is pending") };
}

const GONE: Readonly<Record<string, (directory: string) => void>> = {
  removed: () => {},
  "a file now": (directory) => fs.writeFileSync(directory, ""),
  "a link to somewhere else now": (directory) => fs.symlinkSync("/etc", directory),
};

for (const [name, make] of Object.entries(GONE))
  test(`of a directory that is ${name} the changes are shown, and only they cannot be applied`, async (t) => {
    const { world, other, id } = await twoRoots(t);
    const { pending } = world.workspace;
    const shown = await pending.get(id);
    fs.rmSync(other, { recursive: true });
    make(other);
    const now = await pending.get(id);
    assert.deepEqual(now?.entries, shown?.entries, "the same changes under the same names");
    assert.equal(now?.hash, shown?.hash);
    assert.deepEqual(now?.conflicts, [{ path: "/other/new", reason: "root-missing" }]);
    const approved = await pending.approve(id, { hash: now?.hash ?? "", reviewer: "ann" });
    assert.ok(approved?.status === "approved");
    assert.deepEqual(approved.left, [{ path: "/other/new", reason: "root-missing" }]);
    assert.equal((await world.workspace.sync(approved.changeSet.id)).status, "applied");
    assert.equal(fs.readFileSync(join(world.host, "new"), "utf8"), "made");

    assert.deepEqual(
      (await pending.get(id))?.entries.map(({ path }) => path),
      ["/other/new"],
      "the rest waits, under its id",
    );
    const again = await pending.approve(id, { hash: pending.find(id)?.hash ?? "", reviewer: "ann" });
    assert.deepEqual(again, { status: "conflict", conflicts: [{ path: "/other/new", reason: "root-missing" }] });
    fs.rmSync(other, { force: true });
    fs.mkdirSync(other);
    const back = await pending.approve(id, { hash: pending.find(id)?.hash ?? "", reviewer: "ann" });
    assert.ok(back?.status === "approved" && back.left === undefined);
    assert.equal((await world.workspace.sync(back.changeSet.id)).status, "applied");
    assert.equal(fs.readFileSync(join(other, "new"), "utf8"), "made");
  });

test("changes in a directory that is gone can be rejected", async (t) => {
  const { world, other, id } = await twoRoots(t);
  fs.rmSync(other, { recursive: true });
  assert.deepEqual(await world.workspace.pending.reject(id, { reviewer: "ann" }), { status: "rejected" });
  assert.equal(world.workspace.pending.find(id), undefined);
  assert.deepEqual(world.workspace.pending.list(10), []);
});

test("changes in a directory that is gone expire, once", async (t) => {
  let now = Date.now();
  const { world, other, id } = await twoRoots(t, { now: () => now });
  fs.rmSync(other, { recursive: true });
  now += 10 * 24 * 3_600_000;
  assert.deepEqual(await world.workspace.pending.expire(), [id]);
  assert.deepEqual(await world.workspace.pending.expire(), []);
  assert.deepEqual(world.workspace.pending.list(10), []);
});

/** A directory in which another one is that tools may change, too. */
async function nestedRoots(
  t: TestContext,
  prepare: (inner: string) => void = () => {},
): Promise<{ world: World; inner: string; id: string }> {
  const world = await makeWorld(t);
  const inner = join(world.host, "m");
  fs.mkdirSync(inner);
  prepare(inner);
  const view = await world.workspace.spaces.view("owner", "agent");
  const add = (path: string) => {
    const [kind, fileType, mode] = ["add", "file", 0o644] as const;
    return { path, kind, fileType, mode, content: Buffer.from(path) };
  };
  const { review } = await world.workspace.spaces.commit(view, {
    ...{ runId: "run", agent: "agent", tool: "shell", command: "true", labels: [] },
    changes: [add(`${GUEST_ROOT}/a`), add("/inner/x"), add(`${GUEST_ROOT}/z`)],
    roots: [
      { hostRoot: world.host, guestRoot: GUEST_ROOT },
      { hostRoot: inner, guestRoot: "/inner" },
    ],
  });
  return { world, inner, id: review?.id ?? assert.fail("nothing is pending") };
}

function unmounted(directory: string): Disposable {
  return { [Symbol.dispose]: () => void spawnSync("umount", [directory], { stdio: "ignore" }) };
}

function mountOn(directory: string): void {
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", directory]);
}

const NESTED: Readonly<Record<string, (directory: string) => void>> = {
  ...GONE,
  "on a file system of its own now": (directory) => {
    fs.mkdirSync(directory);
    mountOn(directory);
  },
};

for (const [name, make] of Object.entries(NESTED))
  test(`of a directory inside another that is ${name} the changes keep their names and order`, async (t) => {
    if (name.includes("file system") && process.getuid?.() !== 0) return t.skip("needs root, to mount");
    const { world, inner, id } = await nestedRoots(t);
    const { pending } = world.workspace;
    const shown = await pending.get(id);
    const names = [`${GUEST_ROOT}/a`, `${GUEST_ROOT}/m/x`, `${GUEST_ROOT}/z`];
    assert.deepEqual(
      shown?.entries.map(({ path }) => path),
      names,
    );
    fs.rmSync(inner, { recursive: true });
    make(inner);
    using _ = unmounted(inner);
    const now = await pending.get(id);
    assert.equal(now?.hash, shown?.hash);
    assert.deepEqual(
      now?.entries.map(({ path, hostPath }) => [path, hostPath]),
      shown?.entries.map(({ path, hostPath }) => [path, hostPath]),
    );
    // Whatever it is now, what was chosen from what was shown is what is done.
    const files = names.filter((path) => path.endsWith("z"));
    const approved = await pending.approve(id, { hash: now?.hash ?? "", reviewer: "ann", files });
    assert.ok(approved?.status === "approved", JSON.stringify(approved));
    assert.equal((await world.workspace.sync(approved.changeSet.id)).status, "applied");
    assert.ok(fs.existsSync(join(world.host, "z")) && !fs.existsSync(join(world.host, "a")));
  });

test("a file system that is mounted no more gets nothing, and neither does the directory under its place", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root, to mount");
  const { world, inner, id } = await nestedRoots(t, mountOn);
  using _ = unmounted(inner);
  const { pending } = world.workspace;
  const shown = await pending.get(id);
  const names = [`${GUEST_ROOT}/a`, `${GUEST_ROOT}/m/x`, `${GUEST_ROOT}/z`];
  assert.deepEqual([shown?.entries.map(({ path }) => path), shown?.conflicts], [names, []]);
  execFileSync("umount", [inner]);
  const now = await pending.get(id);
  assert.deepEqual([now?.hash, now?.entries.map(({ path }) => path)], [shown?.hash, names]);
  assert.deepEqual(now?.conflicts, [{ path: `${GUEST_ROOT}/m/x`, reason: "root-missing" }]);
  const approved = await pending.approve(id, { hash: now?.hash ?? "", reviewer: "ann" });
  assert.ok(approved?.status === "approved", JSON.stringify(approved));
  assert.equal((await world.workspace.sync(approved.changeSet.id)).status, "applied");
  assert.deepEqual(fs.readdirSync(inner), []);
  // Mounted again, it can be approved; unmounted after the yes, nothing is written.
  mountOn(inner);
  const rest = await pending.get(id);
  assert.deepEqual(rest?.conflicts, []);
  const agreed = await pending.approve(id, { hash: rest?.hash ?? "", reviewer: "ann" });
  assert.ok(agreed?.status === "approved", JSON.stringify(agreed));
  execFileSync("umount", [inner]);
  const failed = await world.workspace.sync(agreed.changeSet.id);
  assert.ok(failed.status === "failed" && failed.error.code === "root-missing", JSON.stringify(failed));
  assert.deepEqual(fs.readdirSync(inner), []);
  mountOn(inner);
  assert.equal((await world.workspace.sync(agreed.changeSet.id)).status, "applied");
  assert.deepEqual(fs.readdirSync(inner), ["x"]);
});
