import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ReviewerSigner, type ZeroTrustLoop } from "../../src/loop/index.ts";
import { openTestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

const HOOK = "/project/.git/hooks/pre-commit";

async function add(loop: ZeroTrustLoop, name: string, roles: string[]): Promise<ReviewerSigner> {
  const { token = "" } = await loop.reviewers.add(name, { roles });
  return ReviewerSigner.fromToken(name, token);
}

test("changes with a protected file need two, one of them for security; other files one; undo and redo as much", {
  skip: kvmMissing(),
}, async () => {
  await using world = await openTestLoop((config) => ({
    ...config,
    reviews: { rules: [{ protected: true, reviewers: 2, role: "security" }] },
  }));
  const people = await world.again();
  mkdirSync(join(world.project, ".git", "hooks"), { recursive: true });
  const [alice, bob, sam] = [
    await add(people, "alice", []),
    await add(people, "bob", []),
    await add(people, "sam", ["security"]),
  ];
  const code = "echo 1 > fine.txt; echo 2 > other.txt; echo id > .git/hooks/pre-commit";
  const result = await talk(world.loop, "writer").call({ tool: "shell", input: { code } });
  assert.ok(result.status === "ok" && result.changeSet, result.forModel.text);
  const { reviewId: id } = result.changeSet;
  const hashNow = (): string => people.reviews.find(id)?.hash ?? "";
  const approve = (signer: ReviewerSigner, files: string[] | undefined, hash = hashNow()) =>
    people.reviews.approve(id, {
      ...{ hash, reviewer: signer.reviewer, signer, protectedFiles: [HOOK] },
      ...(files && { files }),
    });

  const one = await approve(alice, ["/project/fine.txt"]);
  assert.equal(one.status, "done", JSON.stringify(one));
  assert.equal(readFileSync(join(world.project, "fine.txt"), "utf8"), "1\n");
  assert.equal(existsSync(join(world.project, "other.txt")), false);

  // Who agrees to other files has not agreed to these.
  assert.equal((await approve(alice, [HOOK])).status, "more-reviewers");
  assert.equal((await approve(sam, [HOOK, "/project/other.txt"])).status, "more-reviewers");
  const both = await approve(bob, [HOOK]);
  assert.deepEqual(both, { status: "more-reviewers", given: ["alice", "bob"], missing: 0, roles: ["security"] });
  const standing = (await people.reviews.get(id))?.standing;
  assert.deepEqual([standing?.given, standing?.roles], [["alice", "bob"], ["security"]]);
  const done = await approve(sam, [HOOK]);
  assert.ok(done.status === "done", JSON.stringify(done));
  assert.equal(readFileSync(join(world.project, ".git/hooks/pre-commit"), "utf8"), "id\n");

  const setId = done.changeSetId ?? id;
  const reverse = (verb: "undo" | "redo", signer: ReviewerSigner) =>
    people.reviews[verb](setId, { reviewer: signer.reviewer, signer });
  for (const verb of ["undo", "redo", "undo", "redo"] as const) {
    assert.equal((await people.reviews[verb](setId, { reviewer: "sam" })).status, "not-allowed");
    // What was agreed to the time before does not count again.
    assert.equal((await reverse(verb, alice)).status, "more-reviewers", verb);
    assert.equal((await reverse(verb, sam)).status, "done", verb);
    assert.equal(existsSync(join(world.project, ".git/hooks/pre-commit")), verb === "redo");
  }
  const verified = await people.ledger.verify();
  assert.ok(verified.ok, JSON.stringify(verified));
});

test("what one no ends, one yes cannot begin: all of a workspace, and changes that were agreed to but not written", {
  skip: kvmMissing(),
}, async () => {
  await using world = await openTestLoop();
  const people = await world.again();
  const alice = await add(people, "alice", []);
  const result = await talk(world.loop, "writer").call({ tool: "shell", input: { code: "echo 1 > a; echo 2 > b" } });
  assert.ok(result.status === "ok" && result.changeSet);
  const { reviewId: id, hash } = result.changeSet;
  const by = { reviewer: "alice", signer: alice };
  assert.equal((await people.reviews.reject(id, { ...by, files: ["/project/a"] })).status, "done");
  assert.equal((await people.reviews.approve(id, { ...by, hash })).status, "stale");
  const now = people.reviews.find(id)?.hash ?? "";
  assert.equal((await people.reviews.approve(id, { ...by, hash: now })).status, "done");
  assert.deepEqual([existsSync(join(world.project, "a")), existsSync(join(world.project, "b"))], [false, true]);
  const verified = await people.ledger.verify();
  assert.ok(verified.ok, JSON.stringify(verified));
});
