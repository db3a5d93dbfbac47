import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { LoopConfig } from "../../policy/index.ts";
import { Workspace } from "../../workspace/index.ts";
import { GUEST_ROOT } from "../../workspace/testing/changes-between.ts";
import { proposalOf } from "../../workspace/testing/world.ts";
import type { ZeroTrustLoop } from "../loop.ts";
import { openTestLoop, type TestLoop } from "../testing.ts";
import { ReviewerSigner } from "./signature.ts";

/** Files of a project that wait, as a call of the writer leaves them, and people who decide about them. */
interface Stage {
  readonly world: TestLoop;
  readonly people: ZeroTrustLoop;
  readonly alice: ReviewerSigner;
  readonly bob: ReviewerSigner;
  readonly file: (name: string) => string;
  /** Lays a change into the writer's workspace; returns its review. */
  readonly change: (files: Readonly<Record<string, string>>) => Promise<{ id: string; hash: string }>;
}

async function open(t: TestContext, reviews: LoopConfig["reviews"] = {}): Promise<Stage> {
  const world = await openTestLoop((config) => ({ ...config, ...(reviews && { reviews }) }));
  t.after(() => world[Symbol.asyncDispose]());
  const people = world.loop;
  const add = async (name: string): Promise<ReviewerSigner> =>
    ReviewerSigner.fromToken(name, (await people.reviewers.add(name)).token ?? "");
  const workspace = await Workspace.open({ directory: join(world.directory, "state", "workspace") });
  t.after(() => workspace.close());
  const change: Stage["change"] = async (files) => {
    const host = world.project;
    const { changes } = proposalOf({ host, guest: join(world.directory, "guest") }, (directory) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    });
    const { review } = await workspace.spaces.commit(await workspace.spaces.view("owner", "writer"), {
      ...{ runId: "run-of-writer", agent: "writer", tool: "shell", command: "sh", labels: [], changes },
      roots: [{ hostRoot: host, guestRoot: GUEST_ROOT }],
    });
    const found = people.reviews.find(review?.id ?? "");
    return found ?? assert.fail("nothing is pending");
  };
  const file = (name: string): string => readFileSync(join(world.project, name), "utf8");
  return { world, people, alice: await add("alice"), bob: await add("bob"), file, change };
}

const by = (signer: ReviewerSigner) => ({ reviewer: signer.reviewer, signer });
const codeOf = (result: object): unknown => ("code" in result ? result.code : "status" in result && result.status);

async function expectSigned(loop: ZeroTrustLoop, signed: number): Promise<void> {
  const result = await loop.ledger.verify();
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(result.decisions, { signed, unsigned: 0 });
}

test("what is approved, put back and written again rests on what was signed for just that", async (t) => {
  const { people, alice, file, change } = await open(t);
  const { reviews } = people;
  const { id, hash } = await change({ a: "a", b: "b" });
  const [a, b] = [`${GUEST_ROOT}/a`, `${GUEST_ROOT}/b`];
  const part = await reviews.approve(id, { ...by(alice), hash, files: [a], message: "only this" });
  assert.ok(part.status === "done" && part.changeSetId !== undefined, JSON.stringify(part));
  const rest = await reviews.approve(id, { ...by(alice), hash: reviews.find(id)?.hash ?? "" });
  assert.equal(rest.status, "done");
  for (const one of [part.changeSetId, id]) {
    assert.equal((await reviews.undo(one, by(alice))).status, "done");
    assert.equal((await reviews.redo(one, { ...by(alice), files: [one === id ? b : a] })).status, "done");
    for (const verb of ["undo", "redo"] as const)
      assert.equal(codeOf(await reviews[verb](one, { reviewer: "alice" })), "signature-required");
  }
  assert.deepEqual([file("a"), file("b")], ["a", "b"]);
  await expectSigned(people, 6);
  const said = people.ledger.query({ kind: "sync" }).flatMap(({ body }) => ("decided" in body ? body.decided : []));
  assert.deepEqual(
    said.map((one) => [one?.decision, one?.statements?.length]),
    [
      ["undo", 1],
      ["redo", 1],
      ["undo", 1],
      ["redo", 1],
    ],
  );
});

test("several who must agree to putting files back do so once, and both are named", async (t) => {
  const { world, people, alice, bob, change } = await open(t, { reviewers: 2 });
  const { reviews } = people;
  const { id, hash } = await change({ a: "a" });
  for (const signer of [alice, bob]) await reviews.approve(id, { ...by(signer), hash });
  for (const verb of ["undo", "redo", "undo"] as const) {
    assert.equal((await reviews[verb](id, by(alice))).status, "more-reviewers");
    assert.equal((await reviews[verb](id, by(bob))).status, "done");
  }
  assert.equal(existsSync(join(world.project, "a")), false);
  await expectSigned(people, 8);
});

test("a rebase is one reviewer's, who proves to be one: for these files and this version", async (t) => {
  const { world, people, alice, file, change } = await open(t, { reviewers: 2 });
  const { reviews, ledger } = people;
  writeFileSync(join(world.project, "a"), "first\n");
  const { id, hash } = await change({ a: "the agent's\n" });
  writeFileSync(join(world.project, "a"), "somebody's\n");
  const subject = { ledgerId: ledger.ledgerId, reviewId: id, decision: "rebase" as const, hash };
  const options = { reviewer: "alice", hash, take: "workspace" as const };
  const codes = [
    await reviews.rebase(id, options),
    await reviews.rebase(id, { ...options, reviewer: "me" }),
    await reviews.rebase(id, { ...options, signature: alice.sign({ ...subject, take: "host" }) }),
    await reviews.rebase(id, { ...options, signature: alice.sign(subject) }),
    await reviews.rebase(id, { ...options, signature: alice.sign({ ...subject, decision: "approve" }) }),
    await reviews.rebase(id, { ...options, signature: alice.sign({ ...subject, take: "workspace", files: ["/x"] }) }),
  ].map(codeOf);
  const invalid = "signature-invalid";
  assert.deepEqual(codes, ["signature-required", "signature-required", invalid, invalid, invalid, invalid]);
  assert.equal(reviews.find(id)?.hash, hash);
  const signature = alice.sign({ ...subject, take: "workspace" });
  const result = await reviews.rebase(id, { ...options, signature });
  assert.ok(result.status === "rebased" && result.hash !== hash, JSON.stringify(result));
  const twice = await reviews.rebase(id, { ...options, signature });
  assert.equal(twice.status, "stale");
  assert.equal(file("a"), "somebody's\n");
  await expectSigned(people, 1);
  // What was agreed to before is not what is there now.
  assert.equal((await reviews.approve(id, { ...by(alice), hash })).status, "stale");
});

test("who is nobody's reviewer needs no proof while there are none", async (t) => {
  const world = await openTestLoop();
  t.after(() => world[Symbol.asyncDispose]());
  const result = await world.loop.reviews.rebase("none", { reviewer: "me", hash: "a".repeat(64) });
  assert.equal(result.status, "not-found");
});
