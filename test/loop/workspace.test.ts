import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** A module is written, run, edited, tested, and a file deleted: each step finds what the last one left. */
const STEPS = [
  [
    "shell",
    "mkdir -p app; printf 'def double(x):\\n    return x + x\\n' > app/maths.py; touch app/__init__.py; echo draft > notes",
  ],
  ["python", "import sys; sys.path.insert(0, '.'); from app.maths import double; print(double(21))"],
  [
    "python",
    "s = open('app/maths.py').read(); open('app/maths.py', 'w').write(s.replace('x + x', '2 * x') + '\\n\\ndef half(x):\\n    return x / 2\\n')",
  ],
  ["shell", "cat app/maths.py; chmod 755 run.sh; ./run.sh"],
  [
    "python",
    "open('app/test_maths.py', 'w').write('from app.maths import half\\nassert half(8) == 4\\nprint(\"passed\")\\n')",
  ],
  ["shell", "PYTHONDONTWRITEBYTECODE=1 python3 -m app.test_maths"],
  ["shell", "rm notes old.txt; mv app/test_maths.py app/tests.py"],
  ["shell", "find . -name __pycache__ -prune -o -print | sort; cat app/*.py"],
] as const;

const TREE = "echo old > old.txt; printf '#!/bin/sh\\necho running\\n' > run.sh";
const LIST = `find . -mindepth 1 -name __pycache__ -prune -o -printf '%y %m %l %p\\n' | sort; find . -name __pycache__ -prune -o -type f -print | sort | xargs sha256sum`;

function native(program: "python" | "shell", code: string, cwd: string): string {
  const argv = program === "shell" ? ["sh", "-c", `umask 022; ${code}`] : ["python3", "-c", code];
  const [command = "", ...args] = argv;
  const env = { PATH: process.env.PATH, LC_ALL: "C", PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout, stderr, status } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

suite("a conversation's workspace", { skip: kvmMissing() }, () => {
  let world: TestLoop;
  const copy = mkdtempSync(join(tmpdir(), "ztl-native-"));

  before(async () => {
    world = await openTestLoop((config) => {
      const inProject = Object.entries(config.tools).map(([name, tool]) => [
        name,
        "template" in tool && name !== "read" ? { ...tool, cwd: "/project" } : tool,
      ]);
      return { ...config, tools: Object.fromEntries(inProject) };
    });
    for (const directory of [world.project, copy]) native("shell", TREE, directory);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(copy, { recursive: true, force: true });
  });

  test("eight steps in two tools, with a restart between, are one review, and what a native session makes", async () => {
    let loop = world.loop;
    const reviews = new Set<string>();
    for (const [index, [tool, code]] of STEPS.entries()) {
      if (index === 4) loop = await world.again();
      const given =
        tool === "shell"
          ? `umask 022; export PYTHONDONTWRITEBYTECODE=1; ${code}`
          : `import sys; sys.dont_write_bytecode = True\n${code}`;
      const result = await talk(loop, "writer", "steps").call({ tool, input: { code: given } });
      assert.ok(result.status === "ok", result.forModel.text);
      assert.equal(result.output.text, native(tool, code, copy), code);
      if (result.changeSet) reviews.add(result.changeSet.reviewId);
    }
    assert.equal(reviews.size, 1, "one review");
    const pending = await loop.reviews.list({ kind: "change-set" });
    assert.equal(pending.length, 1);
    const [id = ""] = reviews;
    const { hash = "" } = pending[0] ?? {};
    const approved = await loop.reviews.approve(id, { hash, reviewer: "ann" });
    assert.ok(approved.status === "done" && approved.conflicts === undefined, JSON.stringify(approved));
    assert.equal(native("shell", LIST, world.project), native("shell", LIST, copy));
    const next = await talk(loop, "writer", "steps").call({ tool: "shell", input: { code: "ls app" } });
    assert.ok(next.status === "ok" && next.output.text === "__init__.py\nmaths.py\ntests.py\n", next.forModel.text);
    assert.equal((await loop.reviews.undo(id, { reviewer: "ann" })).status, "done");
    assert.equal(readFileSync(join(world.project, "old.txt"), "utf8"), "old\n");
  });

  test("eight calls at once lose nothing of each other", async () => {
    const { loop } = world;
    const conversation = talk(loop, "writer", "parallel");
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
    writeFileSync(join(world.project, "shared"), `${lines}\n`);
    for (const round of [1, 2]) {
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          conversation.call({
            tool: i % 2 === 0 ? "shell" : "python",
            input: {
              code:
                i % 2 === 0
                  ? `mkdir -p d; echo ${round} >> d/own${i}; sed -i 's/^line ${i * 4}.*$/& by ${i} in ${round}/' shared`
                  : `import os; os.makedirs('d', exist_ok=True); open('d/own${i}', 'a').write('${round}\\n')`,
            },
          }),
        ),
      );
      for (const result of results) assert.equal(result.status, "ok", result.forModel.text);
    }
    const seen = await conversation.call({
      tool: "shell",
      input: { code: "cat d/own?; grep -c by shared; grep by shared" },
    });
    assert.ok(seen.status === "ok");
    const owns = Array.from({ length: 8 }, () => "1\n2\n").join("");
    const merged = [0, 2, 4, 6].map((i) => `line ${i * 4} by ${i} in 1 by ${i} in 2\n`).join("");
    assert.equal(seen.output.text, `${owns}4\n${merged}`);
  });

  test("of two calls that change the same line the later one is told, and both works are kept", async () => {
    const { loop } = world;
    const conversation = talk(loop, "writer", "conflict");
    writeFileSync(join(world.project, "line"), "one\n");
    const calls = [1, 2].map((i) =>
      conversation.call({
        tool: "shell",
        input: { code: `cat line; for i in $(seq 300); do :; done; echo ${i} > line; echo ${i} > own${i}` },
      }),
    );
    const results = await Promise.all(calls);
    const told = results.filter(({ forModel }) => /another call changed them meanwhile/.test(forModel.text));
    assert.equal(told.length, 1, results.map(({ forModel }) => forModel.text).join(""));
    const { text } = told[0]?.forModel ?? { text: "" };
    assert.equal(text.split('"/project/line"').length, 2, `named once, as not changed: ${text}`);
    assert.doesNotMatch(text, /[~+] "\/project\/line"/);
    const seen = await conversation.call({ tool: "shell", input: { code: "cat line own1 own2" } });
    const winner = results.findIndex((result) => result !== told[0]) + 1;
    assert.ok(seen.status === "ok" && seen.output.text === `${winner}\n1\n2\n`, seen.forModel.text);
    const recorded = loop.ledger.query({ runId: told[0]?.runId ?? "" });
    const kept = recorded.flatMap((entry) => (entry.kind === "not-taken" ? entry.body.contents : []));
    assert.equal(kept.length, 1);
    const [content] = kept;
    assert.ok(content && Buffer.from(await loop.ledger.content(content)).toString() === `${3 - winner}\n`);
  });

  test("another conversation sees the host's files, and so does a fresh call", async () => {
    const { loop } = world;
    const mine = talk(loop, "writer", "mine");
    await mine.call({ tool: "shell", input: { code: "echo mine > mine.txt" } });
    const code = "ls mine.txt; echo fresh > fresh.txt";
    const other = await talk(loop, "writer", "other").call({ tool: "shell", input: { code } });
    const fresh = await mine.call({ tool: "shell", input: { code }, fresh: true });
    for (const result of [other, fresh]) assert.match(result.forModel.text, /No such file/);
    const again = await mine.call({ tool: "shell", input: { code: "ls mine.txt fresh.txt" } });
    assert.ok(again.status === "failed" && again.output.text.includes("mine.txt"), again.forModel.text);
    assert.ok("changeSet" in fresh && fresh.changeSet && "changeSet" in other && other.changeSet);
    assert.notEqual(fresh.changeSet.reviewId, other.changeSet.reviewId);
  });

  test("a pipe stands in nobody's way, and what was rejected is gone for the next call", async () => {
    const { loop } = world;
    const conversation = talk(loop, "writer", "pipe");
    const made = await conversation.call({
      tool: "shell",
      input: { code: "mkfifo p; echo good > good.txt; echo bad > bad.txt" },
    });
    assert.ok("changeSet" in made && made.changeSet);
    const { reviewId, hash } = made.changeSet;
    const rejected = await loop.reviews.reject(reviewId, { reviewer: "ann", files: ["/project/bad.txt"] });
    assert.equal(rejected.status, "done", JSON.stringify(rejected));
    const stale = await loop.reviews.approve(reviewId, { hash, reviewer: "ann" });
    assert.equal(stale.status, "stale");
    const review = loop.reviews.find(reviewId);
    const approved = await loop.reviews.approve(reviewId, { hash: review?.hash ?? "", reviewer: "ann" });
    assert.ok(approved.status === "done" && approved.conflicts === undefined, JSON.stringify(approved));
    assert.deepEqual(approved.files, ["/project/good.txt"]);
    assert.ok(existsSync(join(world.project, "good.txt")));
    const next = await conversation.call({ tool: "shell", input: { code: "ls bad.txt" } });
    assert.equal(next.status, "failed");
  });
});
