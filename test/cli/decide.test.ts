import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
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

  test("files by their place on this host, or a directory of them; a protected one in it needs its own yes", async () => {
    mkdirSync(join(world.project, "lib"), { recursive: true });
    const { id, hash } = await change(
      "mkdir -p lib/new/deep other; for d in lib lib/new/deep other; do echo x > $d/f.txt; done; echo x > libel.txt; echo id > lib/Makefile",
    );
    const filesOf = (text: string): string[] => (JSON.parse(text) as { files: string[] }).files;
    const refused = world.ztl("approve", id, "--hash", hash, "--only", "project/lib");
    assert.equal(refused.status, 4, refused.stderr);
    assert.match(refused.stderr, /own.*\n {2}\/project\/lib\/Makefile/);
    const nothing = world.ztl("approve", id, "--hash", hash, "--only", "project/none");
    assert.equal(nothing.status, 125);
    assert.match(nothing.stderr, /nothing among the changes is in project\/none/);
    const deep = world.ztl("approve", id, "--hash", hash, "--only", "/project/lib/new/deep/", "--json");
    assert.equal(deep.status, 0, deep.stderr);
    assert.deepEqual(filesOf(deep.stdout), [
      "/project/lib/new",
      "/project/lib/new/deep",
      "/project/lib/new/deep/f.txt",
    ]);
    const left = (await world.withLoop(async (loop) => loop.reviews.find(id)))?.hash ?? "";
    const whole = ["approve", id, "--hash", left, "--only", "project/lib", "--protected", "project/lib/Makefile"];
    const lib = world.ztl(...whole, "--file", "project/libel.txt", "--json");
    assert.equal(lib.status, 0, lib.stderr);
    assert.deepEqual(filesOf(lib.stdout).sort(), ["/project/lib/Makefile", "/project/lib/f.txt", "/project/libel.txt"]);
    const { changeSetId } = JSON.parse(lib.stdout) as { changeSetId: string };
    const undone = world.ztl("undo", changeSetId, "--only", "project/lib", "--json");
    assert.deepEqual(filesOf(undone.stdout).sort(), ["/project/lib/Makefile", "/project/lib/f.txt"]);
    assert.ok(existsSync(join(world.project, "libel.txt")));
    const unknown = world.ztl("reject", id, "--file", "nowhere.txt");
    assert.equal(unknown.status, 4);
    assert.match(
      unknown.stderr,
      /does not fit \(ztl review ID lists them\)\.\n {2}nowhere\.txt is not among the changes/,
    );
    assert.equal(world.ztl("reject", id, "--only", "project/other").status, 0);
    assert.equal(world.ztl("review", "--json").stdout, "[]\n");
  });

  test("permissions and times are told with what they were, and each file with the call that changed it", async () => {
    for (const name of ["mode.sh", "time.txt"]) {
      writeFileSync(join(world.project, name), "x\n", { mode: 0o644 });
      utimesSync(join(world.project, name), 1_000_000_000, 1_000_000_000);
    }
    const first = await change(
      "cd /project; chmod 666 mode.sh; touch -d '2020-01-02 03:04:05 UTC' time.txt; mkdir made",
    );
    const { id, runId } = await change("echo y > /project/later.txt");
    assert.equal(first.id, id);
    const shown = world.ztl("review", id).stdout;
    assert.match(shown, /^ {2}mode \/project\/mode\.sh {2}permissions 644, now 666/m);
    assert.match(shown, /changed 2001-09-09T01:46:40\.000Z, now 2020-01-02T03:04:05\.000Z/);
    assert.match(shown, /\+ \/project\/made\n {2}\(a new directory\)/);
    assert.ok(shown.includes(`+ /project/later.txt  (run ${runId.slice(0, 8)})`), shown);
    assert.ok(shown.includes(`(run ${first.runId.slice(0, 8)})`), shown);
    assert.equal(world.ztl("reject", id).status, 0);
  });

  test("what was just done is told with how it is taken back; a call has no files to undo", async () => {
    const { id, hash } = await change("echo x > taken-back.txt");
    for (const [verb, next] of [
      ["approve", "undo"],
      ["undo", "redo"],
      ["redo", "undo"],
    ] as const) {
      const done = world.ztl(verb, id, ...(verb === "approve" ? ["--hash", hash] : []));
      assert.ok(done.status === 0 && done.stdout.endsWith(`: ztl ${next} ${id}\n`), done.stdout + done.stderr);
    }
    const call = await world.withLoop(async (loop) => {
      const asked = await talk(loop, "writer").call({ tool: "deploy", input: { code: "true" } });
      assert.ok(asked.status === "waiting", asked.forModel.text);
      return loop.reviews.find(asked.reviewId);
    });
    assert.ok(call);
    for (const verb of ["undo", "redo", "rebase"]) {
      const refused = world.ztl(verb, call.id);
      assert.equal(refused.status, 125);
      assert.match(refused.stderr, new RegExp(`ztl ${verb} is for changed files, and ${call.id} is a call`));
    }
    const agreed = world.ztl("approve", call.id, "--hash", call.hash);
    assert.match(agreed.stdout, new RegExp(`ztl revoke ${call.id}\n$`));
    assert.match(world.ztl("revoke", call.id).stdout, /^The yes is taken back/);
  });

  test("of two commands at once about one review, one decides and the other is told", async () => {
    for (const verbs of [
      ["approve", "approve"],
      ["approve", "reject"],
    ] as const) {
      const name = `at-once-${verbs[1]}.txt`;
      const { id, hash } = await change(`echo x > ${name}`);
      const both = await Promise.all(
        verbs.map((verb) => world.ztlBeside(verb, id, ...(verb === "approve" ? ["--hash", hash] : []))),
      );
      assert.deepEqual(both.map(([status]) => status).sort(), [0, 3], JSON.stringify(both));
      const state = (await world.withLoop(async (loop) => loop.reviews.find(id)))?.state;
      const decided = verbs[both.findIndex(([status]) => status === 0)];
      assert.equal(state, decided === "approve" ? "applied" : "rejected");
      assert.equal(existsSync(join(world.project, name)), decided === "approve");
      const [, told] = both.find(([status]) => status === 3) ?? [];
      assert.match(told ?? "", /Nothing was done: it is \w+ already/);
    }
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
