import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { inside, marking, ownDirectory, runNatively, SESSION, type Step, swapped, WORKERS } from "./session.ts";
import { readTree, sourceOfCompiled, timesOf } from "./tree.ts";
import { type Listed, StarterWorld } from "./world.ts";

suite("with the starter configuration", { skip: kvmMissing() || programMissing("python3") }, () => {
  const worlds: StarterWorld[] = [];
  after(() => {
    for (const world of worlds) world[Symbol.dispose]();
  });
  const makeWorld = (): StarterWorld => {
    const world = new StarterWorld();
    worlds.push(world);
    return world;
  };

  test("eight calls, each in a process of its own, are one review, and approved they are what a native session makes", async () => {
    const world = makeWorld();
    const [before] = world.trees();
    const began = nanoseconds();
    const reviews = new Set<string>();
    for (const step of SESSION) {
      const [told] = await world.agent("day", [step]);
      assert.equal(told?.status, "ok", told?.forModel);
      assert.equal(told?.text, runNatively(world.native, step), step.code);
      if (told?.reviewId !== undefined) reviews.add(told.reviewId);
    }
    const ended = nanoseconds();
    assert.deepEqual(readTree(world.project), before, "nothing is written before a person agrees");
    const review = onlyReview(world, reviews);
    assert.match(world.ztl("review", review.id).stdout, /\+ \/project\/app\/maths\.py/);
    const approved = world.ztl("approve", review.id.slice(0, 8), "--hash", review.hash);
    assert.equal(approved.status, 0, approved.stderr);
    const [project, native] = world.trees();
    assert.deepEqual(project, native);

    const dated = ["assets/logo.svg", "kept.txt", "run.sh"];
    assert.deepEqual(
      timesOf(world.project, dated),
      timesOf(world.native, dated),
      "dates that the session set, or kept",
    );
    for (const [name, changed] of timesOf(world.project, ["app/maths.py", "app/tests.py", "app/__init__.py"]))
      assert.ok(changed >= began && changed <= ended, `${name} is of when it was written, not of when it was approved`);
    assertCompiledIsFresh(world.project, project);

    assert.deepEqual(world.json<Listed[]>("review"), [], "nothing waits any more");
    assert.equal(world.ztl("undo", review.id).status, 0);
    assert.deepEqual(readTree(world.project), before, "undone, it is as it was");
    assert.equal(world.ztl("redo", review.id).status, 0);
    assert.deepEqual(readTree(world.project), native);
  });

  test("the same with eight calls at once in each step, in two and in eight processes, while somebody looks on", async () => {
    const world = makeWorld();
    const reviews = new Set<string>();
    for (const [number, step] of SESSION.entries()) {
      const steps = WORKERS.map((worker) => workOf(worker, number, step));
      // As many processes as calls once, while there is no state yet; they take long to start.
      const shares = chunks(steps, number === 0 ? 1 : 4);
      const looking = number % 3 === 0 ? world.beside("review", "--json") : undefined;
      const told = await Promise.all(shares.map((share) => world.agent("day", share)));
      const looked = await looking;
      assert.equal(looked?.status ?? 0, 0, looked?.text);
      for (const [index, one] of told.flat().entries()) {
        assert.equal(one.status, "ok", one.forModel);
        assert.equal(one.text, runNatively(world.native, steps[index] as Step), one.forModel);
        if (one.reviewId !== undefined) reviews.add(one.reviewId);
      }
    }
    const review = onlyReview(world, reviews);
    const approved = world.ztl("approve", review.id, "--hash", review.hash);
    assert.equal(approved.status, 0, approved.stderr);
    const [project, native] = world.trees();
    assert.deepEqual(project, native);
  });

  test("the same with eight calls at once in each step of one process, which starts anew in the middle", async () => {
    const world = makeWorld();
    const reviews = new Set<string>();
    let loop = await world.open(WORKERS.length);
    try {
      for (const [number, step] of SESSION.entries()) {
        if (number === 4) {
          await loop.close();
          loop = await world.open();
        }
        const talk = loop.agent("assistant").conversation({ id: "day" });
        const steps = WORKERS.map((worker) => workOf(worker, number, step));
        const calls = steps.map(({ tool, code }) => talk.call({ tool, input: { code } }));
        for (const [index, result] of (await Promise.all(calls)).entries()) {
          assert.ok(result.status === "ok", result.forModel.text);
          assert.equal(result.output.text, runNatively(world.native, steps[index] as Step), result.forModel.text);
          if (result.changeSet) reviews.add(result.changeSet.reviewId);
        }
      }
      const pending = await loop.reviews.list();
      assert.deepEqual(
        [...reviews],
        pending.map(({ id }) => id),
        "one review",
      );
      const { id, hash } = pending[0] as Listed;
      const approved = await loop.reviews.approve(id, { hash, reviewer: "ann" });
      assert.ok(approved.status === "done" && approved.conflicts === undefined, JSON.stringify(approved));
      const [project, native] = world.trees();
      assert.deepEqual(project, native);
    } finally {
      await loop.close();
    }
  });
});

/** One of eight who work at once: each in a directory of their own, in both tools, and each in a line of a text of all. */
function workOf(worker: number, number: number, step: Step): Step {
  const inOwn = inside(ownDirectory(worker), worker % 2 === 0 ? step : swapped(step));
  return marking(inOwn, worker, number);
}

function onlyReview(world: StarterWorld, reviews: ReadonlySet<string>): Listed {
  const listed = world.json<Listed[]>("review");
  assert.deepEqual(
    [...reviews],
    listed.map(({ id }) => id),
    "one review",
  );
  return listed[0] as Listed;
}

/** Python takes compiled code for that of its source when it names the source's time and size. */
function assertCompiledIsFresh(root: string, tree: ReadonlyMap<string, string>): void {
  const compiled = [...tree.keys()].filter((name) => /^app\/__pycache__\/maths\..*\.pyc$/.test(name));
  assert.equal(compiled.length, 1);
  const { mtimeMs, size } = statSync(join(root, "app/maths.py"));
  const made = sourceOfCompiled(join(root, compiled[0] ?? ""));
  assert.deepEqual(made, { seconds: Math.floor(mtimeMs / 1000), sizeBytes: size }, "compiled code is not stale");
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: list.length / size }, (_, index) => list.slice(index * size, (index + 1) * size));
}

function nanoseconds(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
