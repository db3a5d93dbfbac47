import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { ReviewSummary } from "../../src/loop/index.ts";
import { talk } from "../../src/loop/testing.ts";
import { CliWorld } from "./world.ts";

suite("reviewers on the command line", () => {
  let world: CliWorld;
  before(() => {
    world = new CliWorld();
    mkdirSync(join(world.directory, "keys"), { mode: 0o700 });
  });
  after(() => world[Symbol.dispose]());

  /** A call that waits. */
  function waiting(code: string): Promise<ReviewSummary> {
    return world.withLoop(async (loop) => {
      const permit = await talk(loop, "writer").permit({ tool: "deploy", input: { code } });
      const review = permit.status === "waiting" ? loop.reviews.find(permit.reviewId) : undefined;
      assert.ok(review);
      return review;
    });
  }

  test("add, decide with the token, list, revoke; the ledger says who did", async () => {
    assert.match(world.ztl("reviewer", "list").stdout, /no reviewers/);
    const first = await waiting("echo 1");
    assert.equal(world.ztl("approve", first.id, "--hash", first.hash, "--reviewer", "ann").status, 0);
    const added = world.ztl("reviewer", "add", "alice", "--role", "security", "--json");
    const { token, reviewer } = JSON.parse(added.stdout) as { token: string; reviewer: { roles: string[] } };
    assert.deepEqual(reviewer.roles, ["security"]);
    assert.ok(!world.ztl("reviewer", "list").stdout.includes(token));
    const tokenFile = join(world.directory, "keys", "alice.token");
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });

    const second = await waiting("echo 2");
    const bare = world.ztl("approve", second.id, "--hash", second.hash, "--reviewer", "alice");
    assert.equal(bare.status, 6);
    assert.match(bare.stderr, /signature-required/);
    assert.equal(world.ztl("approve", second.id, "--hash", second.hash, "--as", "alice").status, 125);
    const bob = world.ztl("approve", second.id, "--hash", second.hash, "--as", "bob", "--key", tokenFile);
    assert.deepEqual([bob.status, /reviewer-unknown/.test(bob.stderr)], [6, true]);
    chmodSync(tokenFile, 0o644);
    const open = world.ztl("approve", second.id, "--hash", second.hash, "--as", "alice", "--key", tokenFile);
    assert.deepEqual([open.status, /key-unsafe/.test(open.stderr)], [125, true]);
    chmodSync(tokenFile, 0o600);
    const done = world.ztl("approve", second.id, "--hash", second.hash, "--as", "alice", "--key", tokenFile);
    assert.equal(done.status, 0, done.stderr);
    assert.match(
      world.ztl("ledger", "verify").stdout,
      /1 decisions, each signed by the reviewer it names; 1 from before/,
    );

    assert.equal(world.ztl("reviewer", "revoke", "alice").status, 0);
    assert.match(world.ztl("reviewer", "list").stdout, /alice .*revoked/);
    assert.equal(world.ztl("reviewer", "revoke", "alice").status, 125);
  });

  test("a key of one's own, two reviewers, and what is missing", async () => {
    world.configure({ reviews: { rules: [{ tools: ["deploy"], reviewers: 2, role: "security" }] } });
    const signers = ["carol", "dave"].map((name) => {
      const file = join(world.directory, "keys", `${name}.pem`);
      const publicKey = world.ztl("reviewer", "key", file).stdout.trim();
      assert.match(publicKey, /^ed25519:/);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const role = name === "dave" ? ["--role", "security"] : [];
      const added = world.ztl("reviewer", "add", name, "--public-key", publicKey, ...role);
      assert.equal(added.status, 0, added.stderr);
      assert.doesNotMatch(added.stdout, /ztlr_/);
      return { name, file };
    });
    const { id, hash } = await waiting("echo 3");
    const [carol, dave] = signers as [(typeof signers)[0], (typeof signers)[0]];
    const approve = ({ name, file }: typeof carol) =>
      world.ztl("approve", id, "--hash", hash, "--as", name, "--key", file);
    const counted = approve(carol);
    assert.equal(counted.status, 4);
    assert.match(counted.stderr, /carol agreed; one more reviewer must; somebody must who has the role security/);
    assert.match(world.ztl("review", id).stdout, /carol agreed; one more reviewer must/);
    assert.equal(approve(dave).status, 0);
    assert.equal(world.ztl("ledger", "verify").status, 0);
    world.configure({});
  });

  test("names that do not do, and what nobody should type", () => {
    for (const name of ["writer", "аlice"]) {
      const { status, stderr } = world.ztl("reviewer", "add", name);
      assert.deepEqual([status, /reviewer-(name|known)/.test(stderr)], [125, true], name);
    }
    for (const args of [["add"], ["forget", "x"], ["add", "x", "--public-key", join("keys", "carol.pem")]])
      assert.equal(world.ztl("reviewer", ...args).status, 125, args.join(" "));
  });
});
