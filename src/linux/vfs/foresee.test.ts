import assert from "node:assert/strict";
import { lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { layerOfDifference } from "../../base/layer/testing/difference.ts";
import { Allowance } from "../allowance.ts";
import { ByteBudget } from "./budget.ts";
import { ROOT } from "./credentials.ts";
import { FileType } from "./inode.ts";
import type { Location } from "./location.ts";
import { MountPlan } from "./mounts.ts";
import { temporaryDirectory } from "./testing/fixtures.ts";
import { openForTest } from "./testing/open-layer.ts";
import { SampleWorld, write } from "./testing/sample-world.ts";
import { Vfs } from "./vfs.ts";

const world = new SampleWorld();
const host = world.host.path;
after(() => world.close());

const PLACES = ["/ro", "/w"];
const NAMES_MAX = 1000;

/** Every directory below. */
function directoriesOf(vfs: Vfs, path: string): Location[] {
  const found = [vfs.resolveFromRoot(path)];
  for (const directory of found) {
    for (const { name, type } of vfs.list(directory)) {
      const child = type === FileType.directory ? vfs.child(directory, name) : undefined;
      if (child !== undefined) found.push(child);
    }
  }
  return found;
}

function planOf(directory = host): MountPlan {
  const plan = new MountPlan([
    { guest: "/ro", kind: "ro", host: directory },
    { guest: "/w", kind: "overlay", host: directory },
  ]);
  world.plans.push(plan);
  return plan;
}

function measured(plan: MountPlan): { readonly vfs: Vfs; readonly usedBytes: () => number } {
  const allowance = new Allowance({ pagesInUse: 0, limitPages: 0 }, Number.MAX_SAFE_INTEGER);
  const vfs = new Vfs({ plan, budget: new ByteBudget(1 << 30, undefined, allowance) });
  return { vfs, usedBytes: () => allowance.usedBytes };
}

/** Asks for all there is; returns how much memory that took, step by step. */
function walkAll({ vfs, usedBytes }: ReturnType<typeof measured>): number[] {
  return PLACES.flatMap((path) => directoriesOf(vfs, path)).flatMap((directory) =>
    vfs.list(directory).map(({ name }) => {
      vfs.child(directory, name)?.inode.stat();
      return usedBytes();
    }),
  );
}

function foreseeAll(vfs: Vfs): void {
  for (const path of PLACES) {
    const directory = vfs.resolveFromRoot(path);
    for (const name of vfs.foreseeNames(directory, NAMES_MAX) ?? []) vfs.foresee(directory, name);
  }
}

describe("looking ahead", () => {
  it("tells what will be told, and nothing of links", () => {
    let told = 0;
    for (const path of PLACES) {
      for (const { pathname } of directoriesOf(world.usual(), path).map((at) => ({ pathname: at.pathname() }))) {
        const vfs = world.usual();
        const directory = vfs.resolveFromRoot(pathname);
        const names = vfs.foreseeNames(directory, NAMES_MAX) ?? [];
        for (const name of [...names, "absent"]) {
          const foreseen = vfs.foresee(directory, name);
          const found = vfs.child(directory, name)?.inode;
          if (foreseen !== undefined) told++;
          if (found === undefined || found.type === FileType.symlink) assert.equal(foreseen, undefined, name);
          else if (directory.attachments?.has(name) !== true) assert.deepEqual(foreseen, found.stat(), name);
        }
        const shown = vfs.list(directory).filter(({ name }) => directory.attachments?.has(name) !== true);
        assert.deepEqual(
          names,
          shown.map(({ name }) => name),
        );
      }
    }
    assert.ok(told > 10, `${told} files`);
  });

  it("tells of what the run made and changed, and of nothing that it removed", () => {
    const vfs = world.usual();
    write(vfs, "/w/made", "content");
    write(vfs, "/w/f", "longer than it was");
    vfs.rename(vfs.resolveFromRoot("/w"), "a", vfs.resolveFromRoot("/w"), "moved", 0, ROOT);
    const directory = vfs.resolveFromRoot("/w");
    for (const name of ["made", "f", "moved"])
      assert.deepEqual(vfs.foresee(directory, name), vfs.child(directory, name)?.inode.stat(), name);
    assert.equal(vfs.foresee(directory, "a"), undefined);
  });

  it("numbers no device that the run has not come across", (t) => {
    const others = readdirSync("/dev").filter((name) => {
      const status = lstatSync(join("/dev", name));
      return status.isDirectory() && status.dev !== lstatSync("/dev").dev;
    });
    if (others.length < 2) return t.skip("SKIPPED: /dev has no two other file systems in it here");
    const numbers = (asks: (vfs: Vfs, directory: Location) => unknown): unknown[] => {
      const { vfs } = measured(planOf("/dev"));
      const directory = vfs.resolveFromRoot("/ro");
      asks(vfs, directory);
      return others.map((name) => vfs.child(directory, name)?.inode.stat().dev).reverse();
    };
    const alone = numbers(() => undefined);
    assert.deepEqual(
      numbers((vfs, directory) => vfs.foresee(directory, others.at(-1) ?? "")),
      alone,
    );
    assert.ok(new Set(alone).size > 1);
  });

  it("takes none of the run's memory, which counts what the run asks for and nothing else", () => {
    const alone = walkAll(measured(planOf()));
    assert.ok((alone.at(-1) ?? 0) > 0);
    const plan = planOf();
    const first = measured(plan);
    foreseeAll(first.vfs);
    assert.deepEqual(walkAll(first), alone, "looked at before");
    assert.deepEqual(walkAll(measured(plan)), alone, "known from an earlier run");
    const third = measured(plan);
    const before = third.usedBytes();
    for (const path of PLACES) third.vfs.resolveFromRoot(path);
    const roots = third.usedBytes();
    foreseeAll(third.vfs);
    assert.ok(roots >= before);
    assert.equal(third.usedBytes(), roots);
  });

  it("goes through no directory with many names, which the run may do all the same", () => {
    const large = temporaryDirectory();
    try {
      for (let i = 0; i < 1500; i++) writeFileSync(join(large.path, `${i}`), "");
      const { vfs } = measured(planOf(large.path));
      for (const path of PLACES) {
        const directory = vfs.resolveFromRoot(path);
        assert.equal(vfs.foreseeNames(directory, NAMES_MAX), undefined);
        assert.equal(vfs.foreseeNames(directory, NAMES_MAX), undefined);
        assert.equal(vfs.list(directory).length, 1500);
      }
    } finally {
      large.dispose();
    }
  });

  it("gives no more names than asked for, whether the run has listed them or not", async () => {
    const [host, changed, place] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()];
    try {
      for (let i = 0; i < 60; i++) writeFileSync(join(host.path, `${i}`), "");
      for (let i = 0; i < 70; i++) writeFileSync(join(changed.path, `${i}`), i < 50 ? "" : "the layer's");
      const { layer, close } = openForTest(
        await layerOfDifference(host.path, changed.path, join(place.path, "segment")),
      );
      for (const [vfs, count] of [
        [new Vfs({ plan: planOf(host.path) }), 60],
        [new Vfs({ plan: planOf(host.path), layer }), 70],
      ] as const) {
        for (const path of PLACES) {
          const directory = vfs.resolveFromRoot(path);
          assert.equal(vfs.foreseeNames(directory, count - 1), undefined, path);
          const listed = vfs.list(directory).map(({ name }) => name);
          assert.equal(listed.length, count);
          assert.equal(vfs.foreseeNames(directory, count - 1), undefined, `${path}, listed`);
          assert.deepEqual(vfs.foreseeNames(directory, count), listed, `${path}, listed`);
        }
        // Neither those below nor the run's own are too many.
        for (let i = 0; i < 10; i++) write(vfs, `/w/made-${i}`, "");
        assert.equal(vfs.foreseeNames(vfs.resolveFromRoot("/w"), count + 9), undefined);
        assert.equal(vfs.foreseeNames(vfs.resolveFromRoot("/w"), count + 10)?.length, count + 10);
      }
      close();
    } finally {
      for (const directory of [host, changed, place]) directory.dispose();
    }
  });

  it("ends when that was enough for one run", () => {
    const { vfs } = measured(planOf());
    const directory = vfs.resolveFromRoot("/ro");
    for (let i = 0; i < 10_000; i++) vfs.foresee(directory, `absent-${i}`);
    assert.equal(vfs.foresee(directory, "f"), undefined);
    assert.equal(vfs.child(directory, "f")?.inode.type, FileType.regular);
    const { vfs: another } = measured(planOf());
    assert.equal(
      another.foresee(another.resolveFromRoot("/ro"), "f")?.sizeBytes,
      vfs.resolveFromRoot("/ro/f").inode.stat().sizeBytes,
    );
  });
});
