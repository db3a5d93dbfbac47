import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { ZeroTrustLoop } from "../../src/index.ts";
import { STARTER_CONFIG } from "../../src/policy/index.ts";
import { kvmMissing } from "../kvm.ts";
import { fewer, patiently } from "../patience.ts";
import { programMissing } from "../programs.ts";
import { type CallStory, WorkspaceModel } from "./model.ts";
import { codeOf, type Program, treesOf } from "./programs.ts";
import { readTree } from "./tree.ts";

/** Interleavings that are tried, as far as there is time; ZTL_INTERLEAVINGS=300 for a long run, ZTL_SEED for others. */
const RUNS = Number(process.env.ZTL_INTERLEAVINGS ?? fewer(40));
const SEED = Number(process.env.ZTL_SEED ?? 8);
/** For a usual run of all tests: one interleaving takes some 200 ms. */
const TIME_LIMIT_MS = process.env.ZTL_INTERLEAVINGS === undefined ? patiently(60_000) : undefined;

const path = fc.constantFrom("a", "a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a");
const insertion = {
  do: fc.constant("insert"),
  path: fc.constantFrom("a", "a", "a", "b", "d/a"),
  to: path,
  at: fc.nat(9),
} as const;
const other = fc.constantFrom("write", "remove", "mkdir", "move", "chmod", "symlink");
const action = fc.oneof(fc.record(insertion), fc.record({ do: other, path, to: path, at: fc.nat(9) }));
const program = fc.record({
  tool: fc.constantFrom("python", "shell"),
  actions: fc.array(action, { minLength: 1, maxLength: 3 }),
  waitsMs: fc.tuple(fc.nat(15), fc.nat(15)),
  beginsMs: fc.nat(60),
  process: fc.nat(1),
});
const LINES = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
const LIST: Program = { tool: "shell", actions: [], waitsMs: [0, 0] };

suite("calls at once, with the starter configuration", { skip: kvmMissing() || programMissing("python3") }, () => {
  const place = mkdtempSync(join(tmpdir(), "ztl-interleavings-"));
  const project = join(place, "project");
  const loops: ZeroTrustLoop[] = [];
  after(async () => {
    await Promise.all(loops.map((loop) => loop.close()));
    rmSync(place, { recursive: true, force: true });
  });

  test(`in up to ${RUNS} interleavings nothing is lost, nothing is invented, and nothing is left untold`, async (t) => {
    mkdirSync(join(project, "d"), { recursive: true });
    for (const name of ["a", "b", "d/a"]) writeFileSync(join(project, name), LINES, { mode: 0o644 });
    const before = readTree(project);
    // Over one state, as two processes have it.
    for (const cells of [4, 2])
      loops.push(
        await ZeroTrustLoop.open({
          config: STARTER_CONFIG,
          directory: project,
          stateDirectory: join(place, "state"),
          cells,
        }),
      );
    const [loop] = loops as [ZeroTrustLoop];
    const counts = { calls: 0, taken: 0, joined: 0, refused: 0, approved: 0 };
    let conversations = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(program, { minLength: 2, maxLength: 6 }), async (programs) => {
        const id = `talk-${conversations++}`;
        const talks = loops.map((one) => one.agent("assistant").conversation({ id }));
        const stories = await Promise.all(
          programs.map(async ({ beginsMs, process, ...one }, index): Promise<CallStory> => {
            await sleep(beginsMs);
            const result = await (talks[process] ?? assert.fail()).call({
              tool: one.tool,
              input: { code: codeOf(one, `${id}.${index}`) },
            });
            assert.ok(result.status === "ok", result.forModel.text);
            const [saw, left] = treesOf(result.output.text);
            const told = { forModel: result.forModel.text, reviewId: result.changeSet?.reviewId };
            return { saw, left, ...told, ...(await recordOf(loop, result.runId)) };
          }),
        );
        const look = async () => {
          const result = await talks[0]?.call({ tool: "shell", input: { code: codeOf(LIST, "") } });
          assert.ok(result?.status === "ok", result?.forModel.text);
          return treesOf(result.output.text)[0];
        };
        const first = await loop
          .agent("assistant")
          .conversation()
          .call({ tool: "shell", input: { code: codeOf(LIST, "") } });
        assert.ok(first.status === "ok");
        const model = new WorkspaceModel(treesOf(first.output.text)[0]);
        model.take(stories, counts);
        const seen = await look();
        model.assertSame(seen);

        const reviews = new Set(stories.flatMap(({ reviewId }) => reviewId ?? []));
        const pending = (await loop.reviews.list()).filter((one) => reviews.has(one.id));
        assert.ok(pending.length <= 1, "one review");
        for (const { id: review, hash } of pending) {
          const approved = await loop.reviews.approve(review, { hash, reviewer: "ann" });
          assert.ok(approved.status === "done" && approved.conflicts === undefined, JSON.stringify(approved));
          model.assertSame(await look());
          const onHost = await loop
            .agent("assistant")
            .conversation()
            .call({ tool: "shell", input: { code: codeOf(LIST, "") } });
          assert.ok(onHost.status === "ok");
          model.assertSame(treesOf(onHost.output.text)[0]);
          assert.equal((await loop.reviews.undo(review, { reviewer: "ann" })).status, "done");
          counts.approved++;
        }
        assert.deepEqual(readTree(project), before, "undone, or without any change, it is as it was");
        counts.calls += programs.length;
      }),
      {
        numRuns: RUNS,
        seed: SEED,
        ...(TIME_LIMIT_MS !== undefined && { interruptAfterTimeLimit: TIME_LIMIT_MS }),
      },
    );
    t.diagnostic(`${conversations} interleavings: ${JSON.stringify(counts)}`);
    assert.ok(counts.taken > 0 && counts.approved > 0, JSON.stringify(counts));
  });
});

/** What the ledger has of a call: at which version its workspace took it, and what of it was not taken. */
async function recordOf(loop: ZeroTrustLoop, runId: string): Promise<Pick<CallStory, "version" | "refused" | "kept">> {
  let version: number | undefined;
  const refused = new Set<string>();
  const kept: string[] = [];
  for (const entry of loop.ledger.query({ runId })) {
    if (entry.kind === "change-set") version = (entry.body.details as { version: number }).version;
    if (entry.kind !== "not-taken") continue;
    const { changes } = entry.body.details as { changes: { path: string }[] };
    for (const change of changes) refused.add(change.path.replace("/project/", ""));
    for (const content of entry.body.contents) kept.push(Buffer.from(await loop.ledger.content(content)).toString());
  }
  return { version, refused, kept };
}
