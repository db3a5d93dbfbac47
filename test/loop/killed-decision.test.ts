import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ledger } from "../../src/ledger/index.ts";
import { ZeroTrustLoop } from "../../src/loop/index.ts";
import { OVERDUE_MS } from "../../src/loop/reviews/begun-decisions.ts";
import { openTestLoop, received, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** No decision without its entry, whenever the process that makes it is killed. */

const PROGRAM = fileURLToPath(new URL("killed-decision.ts", import.meta.url));
const DAY_MS = 24 * 3_600_000;

interface Case {
  readonly what: string;
  readonly verb: "approve" | "reject" | "revoke" | "expire";
  readonly make: (loop: ZeroTrustLoop) => Promise<string>;
  readonly skip?: string | false;
  /** Of two. */
  readonly file?: string;
}

async function askedCall(loop: ZeroTrustLoop): Promise<string> {
  const asked = await talk(loop, "writer").permit({ tool: "deploy", input: { command: "true" } });
  assert.ok(asked.status === "waiting", asked.status);
  return asked.reviewId;
}

async function withheld(loop: ZeroTrustLoop): Promise<string> {
  const result = await received(talk(loop, "reader"), "fetch", "the token <|endoftext|> ends a text");
  assert.ok(result.status === "flagged", result.status);
  return result.reviewId;
}

async function changed(loop: ZeroTrustLoop): Promise<string> {
  const command = "echo a > /project/a; echo b > /project/b";
  const result = await talk(loop, "writer").call({ tool: "shell", input: { code: command } });
  assert.equal(result.status, "ok");
  return (await loop.reviews.list({ kind: "change-set" }))[0]?.id as string;
}

async function agreed(loop: ZeroTrustLoop, id: string): Promise<string> {
  const { status } = await loop.reviews.approve(id, { hash: loop.reviews.find(id)?.hash ?? "", reviewer: "ann" });
  assert.equal(status, "done");
  return id;
}

const CASES: readonly Case[] = [
  { what: "a call", verb: "approve", make: askedCall },
  { what: "a call", verb: "reject", make: askedCall },
  { what: "a call that was agreed to", verb: "revoke", make: async (loop) => agreed(loop, await askedCall(loop)) },
  { what: "a call", verb: "expire", make: askedCall },
  { what: "a content", verb: "approve", make: withheld },
  { what: "a content", verb: "reject", make: withheld },
  { what: "a content", verb: "expire", make: withheld },
  ...(["approve", "reject", "expire"] as const).map((verb) => ({
    what: "changes",
    verb,
    make: changed,
    skip: kvmMissing(),
  })),
  ...(["approve", "reject"] as const).map((verb) => {
    return { what: "some of the changes", verb, make: changed, file: "/project/a", skip: kvmMissing() };
  }),
];

for (const { what, verb, make, file = "", skip = false } of CASES) {
  test(`${verb} ${what}: killed before its entry, it is recorded by who comes next, once`, { skip }, async () => {
    await using world = await openTestLoop();
    const id = await make(world.loop);
    assert.equal(kill(world, verb, id, file, "moved"), "SIGKILL");
    assert.equal(entries(world.loop, verb).length, 0);
    await looked(world, verb, 0);
    assert.equal(entries(world.loop, verb).length, 0, "its process may still be at it");
    for (let round = 0; round < 2; round++) {
      await looked(world, verb, OVERDUE_MS + 1000);
      const [entry, ...more] = entries(world.loop, verb);
      assert.equal(more.length, 0);
      assert.deepEqual(entry?.body.details, { recovered: true });
      if (verb !== "expire") assert.deepEqual([entry?.body.reviewer, entry?.body.reviewId], ["ann", id]);
      assert.match(entry?.body.subjectSha256 ?? "", /^[0-9a-f]{64}$/);
    }
    assert.ok((await world.loop.ledger.verify()).ok);
  });

  // Once for each kind: nothing of a decision is done before it is begun.
  if (CASES.find((one) => one.what === what)?.verb !== verb) continue;
  test(`${verb} ${what}: killed before anything moved, nothing is recorded`, { skip }, async () => {
    await using world = await openTestLoop();
    const id = await make(world.loop);
    assert.equal(kill(world, verb, id, file, "begun"), "SIGKILL");
    await looked(world, verb, OVERDUE_MS + 1000);
    assert.equal(entries(world.loop, verb).filter(({ body }) => body.details !== undefined).length, 0);
    const state = verb === "revoke" ? "approved" : "pending";
    assert.equal(world.loop.reviews.find(id)?.state, state);
  });
}

test("a decision whose entry could not be written is recorded later", async () => {
  await using world = await openTestLoop();
  const id = await askedCall(world.loop);
  const append = Ledger.prototype.append;
  Ledger.prototype.append = async function (draft, options) {
    if (draft.kind === "approval") throw new Error("the disk is full");
    return append.call(this, draft, options);
  };
  try {
    await assert.rejects(world.loop.reviews.reject(id, { reviewer: "ann" }), /the disk is full/);
  } finally {
    Ledger.prototype.append = append;
  }
  assert.equal(world.loop.reviews.find(id)?.state, "rejected");
  await looked(world, "reject", OVERDUE_MS + 1000);
  assert.equal(entries(world.loop, "reject").length, 1);
});

function entries(loop: ZeroTrustLoop, verb: Case["verb"]) {
  return loop.ledger
    .query({ kind: "approval" })
    .flatMap((entry) => (entry.kind === "approval" && entry.body.decision === verb ? [entry] : []));
}

function kill(world: TestLoop, verb: string, id: string, file: string, instant: string): string | null {
  const hash = world.loop.reviews.find(id)?.hash ?? "";
  const config = JSON.stringify(world.loop.policy.config);
  const args = [PROGRAM, config, world.directory, verb, id, hash, file, instant];
  const { signal, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(stderr.replaceAll(/.*Warning.*\n|.*--trace-warnings.*\n/g, ""), "");
  return signal;
}

/** Somebody looks at what waits, so long after now. */
async function looked(world: TestLoop, verb: Case["verb"], afterMs: number): Promise<void> {
  const now = () => Date.now() + afterMs + (verb === "expire" ? DAY_MS + 3_600_000 : 0);
  const loop = await ZeroTrustLoop.open({ config: world.loop.policy.config, directory: world.directory, now });
  await loop.reviews.list();
  await loop.close();
}
