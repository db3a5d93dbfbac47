import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { hashOfSelection } from "../../ledger/index.ts";
import { type ProposedChange, Workspace } from "../../workspace/index.ts";
import { GUEST_ROOT } from "../../workspace/testing/changes-between.ts";
import type { ZeroTrustLoop } from "../loop.ts";
import { ReviewerSigner } from "../reviewers/signature.ts";
import { openTestLoop, type TestLoop } from "../testing.ts";

/** Their paths together are more than an entry of the ledger holds, which is 1 MiB. */
const FILES = 5400;
const NAME = "n".repeat(200);

interface Stage {
  readonly world: TestLoop;
  readonly reviews: ZeroTrustLoop["reviews"];
  readonly paths: readonly string[];
  /** Lays all the files into the writer's workspace. */
  readonly change: (content: string) => Promise<{ id: string; hash: string }>;
}

async function open(t: TestContext): Promise<Stage> {
  const world = await openTestLoop();
  t.after(() => world[Symbol.asyncDispose]());
  const workspace = await Workspace.open({ directory: join(world.directory, "state", "workspace") });
  t.after(() => workspace.close());
  const paths = Array.from({ length: FILES }, (_, number) => `${GUEST_ROOT}/${NAME}${number}`);
  const change: Stage["change"] = async (text) => {
    const content = Buffer.from(text);
    const [kind, fileType, mode] = ["add", "file", 0o644] as const;
    const changes = paths.map((path): ProposedChange => ({ path, kind, fileType, mode, content }));
    const { review } = await workspace.spaces.commit(await workspace.spaces.view("owner", "writer"), {
      ...{ runId: "run-of-writer", agent: "writer", tool: "shell", command: "sh", labels: [], changes },
      roots: [{ hostRoot: world.project, guestRoot: GUEST_ROOT }],
    });
    return world.loop.reviews.find(review?.id ?? "") ?? assert.fail("nothing is pending");
  };
  return { world, reviews: world.loop.reviews, paths, change };
}

async function expectWhole({ world: { loop } }: Stage, signed: number): Promise<void> {
  const result = await loop.ledger.verify();
  assert.ok(result.ok, JSON.stringify(result).slice(0, 1000));
  assert.equal(result.decisions.signed, signed);
}

test("very many files are chosen, written, put back and written again, and the ledger has which", async (t) => {
  const stage = await open(t);
  const { world, reviews, paths, change } = stage;
  const { id, hash } = await change("new");
  const token = (await world.loop.reviewers.add("alice")).token ?? "";
  const alice = { reviewer: "alice", signer: ReviewerSigner.fromToken("alice", token) };
  const files = paths.slice(1);
  const approved = await reviews.approve(id, { ...alice, hash, files });
  assert.ok(approved.status === "done" && approved.changeSetId !== undefined, JSON.stringify(approved).slice(0, 500));
  assert.equal(readdirSync(world.project).length, files.length);
  const set = approved.changeSetId;
  for (const verb of ["undo", "redo"] as const) {
    const reversed = await reviews[verb](set, { ...alice, files });
    assert.equal(reversed.status, "done", JSON.stringify(reversed).slice(0, 500));
    assert.equal(readdirSync(world.project).length, verb === "undo" ? 0 : files.length);
  }
  await expectWhole(stage, 3);
  const { ledger } = world.loop;
  const [approval] = ledger.query({ kind: "approval" });
  assert.ok(approval?.kind === "approval" && approval.body.selection !== undefined);
  assert.equal(approval.body.selection.sha256, hashOfSelection({ files }), "it is the text that was signed");
  for (const entry of ledger.query({ kind: "sync" })) {
    assert.ok(entry.kind === "sync" && entry.body.list !== undefined);
    const told = JSON.parse(Buffer.from(await ledger.content(entry.body.list)).toString()) as { files: string[] };
    assert.deepEqual(told.files.toSorted(), files.toSorted());
  }
});

test("what a person changed meanwhile in very many files is told, and stands in the ledger", async (t) => {
  const stage = await open(t);
  const { world, reviews, paths, change } = stage;
  const { id, hash } = await change("new");
  assert.equal((await reviews.approve(id, { reviewer: "alice", hash })).status, "done");
  for (const path of paths) writeFileSync(join(world.project, path.slice(GUEST_ROOT.length + 1)), "a person's");
  const undone = await reviews.undo(id, { reviewer: "alice" });
  assert.ok(undone.status === "conflict", JSON.stringify(undone).slice(0, 500));
  assert.equal(undone.conflicts.length, FILES);
  await expectWhole(stage, 0);
  const shown = await reviews.get(id);
  assert.ok(shown?.kind === "change-set" && shown.lastSync?.outcome === "conflict");
});

test("very many files are rejected, and laid anew, by their names", async (t) => {
  const stage = await open(t);
  const { reviews, paths, change } = stage;
  const { id, hash } = await change("new");
  const laid = await reviews.rebase(id, { reviewer: "alice", hash, files: [...paths] });
  assert.ok(laid.status === "rebased", JSON.stringify(laid).slice(0, 500));
  const rejected = await reviews.reject(id, { reviewer: "alice", hash: laid.hash, files: paths.slice(1) });
  assert.equal(rejected.status, "done", JSON.stringify(rejected).slice(0, 500));
  await expectWhole(stage, 0);
});
