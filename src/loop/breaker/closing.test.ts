import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LoopConfig } from "../../policy/index.ts";
import { ReviewerSigner } from "../reviewers/signature.ts";
import { openTestLoop, talk } from "../testing.ts";

describe("a breaker is closed", () => {
  test("by anybody while nobody is a reviewer, under a name", async () => {
    await using world = await openTestLoop();
    const { breakers, ledger } = world.loop;
    const { id, hash } = await breakers.open({ by: "ann" });
    assert.deepEqual(await breakers.close(id, { reviewer: "bob", hash: "0".repeat(64) }), { status: "stale", hash });
    assert.deepEqual(await breakers.close(id, { reviewer: "bob", hash, message: "it was a test" }), {
      status: "closed",
    });
    assert.deepEqual(await breakers.close(id, { reviewer: "bob" }), { status: "not-found" });
    assert.ok((await ledger.verify()).ok);
  });

  test("once there is a reviewer by what one signed for it, in a process that runs no agents", async () => {
    await using world = await openTestLoop();
    const people = await world.again();
    const { token = "" } = await people.reviewers.add("alice");
    const signer = ReviewerSigner.fromToken("alice", token);
    const { id, hash } = await world.loop.breakers.open({ by: "anybody" });
    const code = async (loop: typeof people, options: Parameters<typeof people.breakers.close>[1]): Promise<string> => {
      const result = await loop.breakers.close(id, options);
      return result.status === "not-allowed" ? result.code : result.status;
    };
    assert.equal(await code(people, { reviewer: "alice" }), "signature-required");
    assert.equal(await code(people, { reviewer: "bob", signer }), "signature-invalid");
    const { ledgerId } = people.ledger;
    const sign = (reviewId: string, decision: "close" | "approve") =>
      signer.sign({ ledgerId, reviewId, decision, hash });
    assert.equal(await code(people, { reviewer: "alice", signature: sign(id, "approve") }), "signature-invalid");
    assert.equal(await code(people, { reviewer: "alice", signature: sign("another", "close") }), "signature-invalid");
    talk(world.loop, "writer");
    assert.equal(await code(world.loop, { reviewer: "alice", signer }), "own-process");
    assert.equal(people.breakers.list().length, 1);
    const signature = sign(id, "close");
    assert.equal(await code(people, { reviewer: "alice", signature }), "closed");
    const second = await people.breakers.open({ by: "anybody" });
    const replayed = await people.breakers.close(second.id, { reviewer: "alice", signature });
    assert.equal(replayed.status === "not-allowed" && replayed.code, "signature-invalid");
    const verified = await people.ledger.verify();
    assert.ok(verified.ok, JSON.stringify(verified));
    assert.equal(verified.decisions.signed, 1);
  });

  test("by as many as the policy asks for, who agreed to this opening", async () => {
    const change = (config: LoopConfig): LoopConfig => ({
      ...config,
      reviews: { rules: [{ kinds: ["breaker"], reviewers: 2, role: "security" }] },
    });
    await using world = await openTestLoop(change);
    const people = await world.again();
    const signers = await Promise.all(
      ["alice", "bob"].map(async (name) => {
        const { token = "" } = await people.reviewers.add(name, name === "bob" ? { roles: ["security"] } : {});
        return { reviewer: name, signer: ReviewerSigner.fromToken(name, token) };
      }),
    );
    const [alice, bob] = signers as [(typeof signers)[0], (typeof signers)[0]];
    const first = await world.loop.breakers.open({ by: "anybody" });
    const counted = await people.breakers.close(first.id, alice);
    assert.deepEqual(counted, { status: "more-reviewers", given: ["alice"], missing: 1, roles: ["security"] });
    assert.equal((await people.breakers.close(first.id, bob)).status, "closed");
    const second = await world.loop.breakers.open({ by: "anybody" });
    assert.equal((await people.breakers.close(second.id, bob)).status, "more-reviewers");
    const verified = await people.ledger.verify();
    assert.ok(verified.ok, JSON.stringify(verified));
  });
});

test("what is to be stopped is named so that it can be", async () => {
  await using world = await openTestLoop();
  const { breakers } = world.loop;
  for (const [request, code] of [
    [{ by: "" }, "invalid-input"],
    [{ by: "ann", message: " " }, "invalid-input"],
    [{ by: "ann", message: "x".repeat(5000) }, "invalid-input"],
    [{ by: "ann", conversation: "main" }, "invalid-input"],
    [{ by: "ann", agent: "writer", runId: "x" }, "invalid-input"],
    [{ by: "ann", agent: "nobody" }, "unknown-agent"],
    [{ by: "ann", runId: "no-such-run" }, "run-not-found"],
  ] as const)
    await assert.rejects(breakers.open(request), { code }, JSON.stringify(request).slice(0, 80));
  assert.deepEqual(breakers.list(), []);
});
