import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { ReviewSummary } from "../../src/loop/index.ts";
import { talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { CliWorld } from "./world.ts";

suite("deciding on the command line", { skip: kvmMissing() }, () => {
  let world: CliWorld;
  before(() => {
    world = new CliWorld();
    mkdirSync(join(world.project, ".git", "hooks"), { recursive: true });
  });
  after(() => world[Symbol.dispose]());

  /** A change set of the writer, by way of a real run. */
  function change(code: string): Promise<ReviewSummary> {
    return world.withLoop(async (loop) => {
      const result = await talk(loop, "writer").call({ tool: "shell", input: { code } });
      assert.ok(result.status === "ok" && result.changeSet, result.forModel.text);
      const review = loop.reviews.find(result.changeSet.reviewId);
      assert.ok(review);
      return review;
    });
  }

  test("the list, a review with its diff, an approval by hash, undo", async () => {
    const { id, hash } = await change("echo hello > notes.txt");
    assert.match(world.ztl("review").stdout, new RegExp(`${id.slice(0, 8)}.*writer / shell: 1 file changed`));
    const shown = world.ztl("review", id.slice(0, 8)).stdout;
    assert.match(shown, /\+ \/project\/notes\.txt/);
    assert.match(shown, /\+hello/);
    assert.ok(shown.includes(hash));
    assert.equal(world.ztl("approve", id).status, 125, "without a terminal an approval names what was seen");
    const stale = world.ztl("approve", id, "--hash", "0".repeat(64));
    assert.deepEqual([stale.status, existsSync(join(world.project, "notes.txt"))], [3, false]);
    const done = world.ztl("approve", id.slice(0, 8), "--hash", hash, "--reviewer", "ann");
    assert.equal(done.status, 0, done.stderr);
    assert.equal(readFileSync(join(world.project, "notes.txt"), "utf8"), "hello\n");
    const again = world.ztl("approve", id, "--hash", hash);
    assert.equal(again.status, 3);
    assert.match(again.stderr, /applied already by ann/);
    assert.equal(world.ztl("undo", id).status, 0);
    assert.equal(existsSync(join(world.project, "notes.txt")), false);
  });

  test("of many files all are listed, the first hundred with their diffs, and any by its name", async () => {
    const { id } = await change("mkdir many; for i in $(seq 120); do echo line$i > many/$i.txt; done");
    const shown = world.ztl("review", id).stdout;
    assert.equal(shown.match(/^ {2}\+ \/project\/many\/\d+\.txt/gm)?.length, 120);
    assert.ok((shown.match(/^\+line\d+$/gm)?.length ?? 0) <= 100);
    assert.match(shown, /\d+ more files; ztl review ID --file PATH/);
    const one = world.ztl("review", id, "--file", "/project/many/99.txt").stdout;
    assert.deepEqual(one.match(/^\+line\d+$/gm), ["+line99"]);
    const wrong = world.ztl("review", id, "--file", "/project/many/none.txt");
    assert.equal(wrong.status, 125);
    assert.match(wrong.stderr, /no file \/project\/many\/none\.txt among the changes/);
    assert.equal(world.ztl("reject", id).status, 0);
  });

  test("protected files need their own yes; a choice of files does without", async () => {
    const { id, hash } = await change("echo id > .git/hooks/pre-commit; echo fine > fine.txt");
    const refused = world.ztl("approve", id, "--hash", hash);
    assert.equal(refused.status, 4);
    assert.match(refused.stderr, /\.git\/hooks\/pre-commit/);
    const chosen = world.ztl("approve", id, "--hash", hash, "--file", "/project/fine.txt", "--json");
    const { changeSetId, ...done } = JSON.parse(chosen.stdout);
    assert.deepEqual(done, { status: "done", state: "applied", files: ["/project/fine.txt"] });
    assert.notEqual(changeSetId, id, "the hook waits on, under its own review");
    assert.equal(existsSync(join(world.project, ".git", "hooks", "pre-commit")), false);
  });

  test("a rejection has a message; a conflict is told; what is not there is not found", async () => {
    const { id } = await change("echo x > rejected.txt");
    assert.equal(world.ztl("reject", id, "--message", "use spaces").status, 0);
    assert.equal(await world.withLoop(async (loop) => loop.reviews.find(id)?.message), "use spaces");
    const other = await change("echo x > taken.txt");
    writeFileSync(join(world.project, "taken.txt"), "mine");
    const conflict = world.ztl("approve", other.id, "--hash", other.hash);
    assert.equal(conflict.status, 3);
    assert.match(conflict.stderr, /\/project\/taken\.txt is there on the host already/);
    assert.equal(world.ztl("reject", other.id).status, 0, "what is in conflict waits on, and can be rejected");
    assert.equal(world.ztl("approve", "ffffffff", "--hash", other.hash).status, 5);
    assert.equal(world.ztl("reject").status, 125);
  });

  test("hostile names do not act on a terminal", async () => {
    const { id } = await change("touch \"$(printf 'a\\033]0;owned\\007\\nb\\u202e')\"");
    for (const shown of [
      world.ztl("review").stdout,
      world.ztl("review", id).stdout,
      world.ztl("review", id, "--json").stdout,
    ]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
      assert.doesNotMatch(shown, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
    world.ztl("reject", id);
  });

  suite("on a terminal", { skip: programMissing("script", "stty") }, () => {
    test("file by file, with a protected one", async () => {
      const { id } = await change("echo id > .git/hooks/pre-push; echo one > one.txt; echo two > two.txt");
      const typed = "y\nyes\nn\n?\ny\ny\n";
      const { stdout, status } = world.onTerminal(typed, "review", id.slice(0, 8));
      assert.equal(status, 0, stdout);
      assert.match(stdout, /is protected: .*Type "yes"/);
      assert.match(stdout, /Nothing is written before the question at the end/);
      assert.match(stdout, /Approved and written to this host/);
      assert.equal(readFileSync(join(world.project, ".git", "hooks", "pre-push"), "utf8"), "id\n");
      assert.deepEqual(
        ["one.txt", "two.txt"].map((name) => existsSync(join(world.project, name))),
        [false, true],
      );
    });

    test("quitting decides nothing, rejecting asks for a message", async () => {
      const { id } = await change("echo three > three.txt");
      assert.equal(world.onTerminal("q\n", "review", id).status, 0);
      assert.equal(await world.withLoop(async (loop) => loop.reviews.find(id)?.state), "pending");
      assert.match(world.onTerminal("r\nnot like this\n", "review").stdout, /Rejected/);
      const review = await world.withLoop(async (loop) => loop.reviews.find(id));
      assert.deepEqual([review?.state, review?.message], ["rejected", "not like this"]);
    });

    test("an approval without a hash is shown and asked about", async () => {
      const { id } = await change("echo four > four.txt");
      assert.equal(world.onTerminal("n\n", "approve", id).status, 3);
      assert.equal(world.onTerminal("y\n", "approve", id).status, 0);
      assert.equal(readFileSync(join(world.project, "four.txt"), "utf8"), "four\n");
    });
  });
});
