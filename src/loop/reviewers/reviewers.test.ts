import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LoopConfig } from "../../policy/index.ts";
import type { LoopOptions } from "../assemble.ts";
import type { ZeroTrustLoop } from "../loop.ts";
import type { ReviewSummary } from "../reviews/review.ts";
import { openTestLoop, type TestLoop, talk } from "../testing.ts";
import { ReviewerSigner } from "./signature.ts";

const MINUTE = 60_000;

/** A loop in which agents ask, and one over the same state in which people decide, as two processes would have it. */
async function open(
  reviews: LoopConfig["reviews"] = {},
  options: Omit<LoopOptions, "config" | "directory"> = {},
): Promise<{ test: TestLoop; agents: ZeroTrustLoop; people: ZeroTrustLoop }> {
  const opened = await openTestLoop((config) => ({ ...config, ...(reviews && { reviews }) }), options);
  return { test: opened, agents: opened.loop, people: await opened.again() };
}

let asked = 0;
async function ask(loop: ZeroTrustLoop, tool = "deploy"): Promise<ReviewSummary> {
  const permit = await talk(loop, "writer").permit({ tool, input: { code: `echo ${asked++}` } });
  assert.equal(permit.status, "waiting");
  const review = loop.reviews.find(permit.status === "waiting" ? permit.reviewId : "");
  assert.ok(review);
  return review;
}

async function add(loop: ZeroTrustLoop, name: string, roles: string[] = []): Promise<ReviewerSigner> {
  const { token = "" } = await loop.reviewers.add(name, { roles });
  return ReviewerSigner.fromToken(name, token);
}

const by = (signer: ReviewerSigner) => ({ reviewer: signer.reviewer, signer });
const codeOf = (result: object): unknown => ("code" in result ? result.code : "status" in result && result.status);

async function expectWhole(loop: ZeroTrustLoop): Promise<void> {
  const result = await loop.ledger.verify();
  assert.ok(result.ok, JSON.stringify(result));
}

test("while there are no reviewers anybody decides by a name; from the first one on, who proves to be one", async () => {
  const { test: world, agents, people } = await open();
  await using _ = world;
  const first = await ask(agents);
  assert.equal((await people.reviews.approve(first.id, { hash: first.hash, reviewer: "me" })).status, "done");
  const alice = await add(people, "alice");
  const second = await ask(agents);
  for (const loop of [agents, people]) {
    for (const verb of ["approve", "reject"] as const) {
      const result = await loop.reviews[verb](second.id, { hash: second.hash, reviewer: "alice" });
      assert.equal(codeOf(result), "signature-required");
    }
  }
  assert.equal((await people.reviews.approve(second.id, { hash: second.hash, ...by(alice) })).status, "done");
  assert.equal(people.reviews.find(second.id)?.decidedBy, "alice");
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const bob = ReviewerSigner.fromPrivateKey("bob", pem);
  await people.reviewers.add("bob", { publicKey: bob.publicKey });
  const third = await ask(agents);
  assert.equal((await people.reviews.reject(third.id, by(bob))).status, "done");
  const verified = await people.ledger.verify();
  assert.deepEqual(verified.ok && verified.decisions, { signed: 2, unsigned: 1 });
  assert.equal(publicKey.asymmetricKeyType, "ed25519");
});

test("a signed decision is for one review, hash, verb, message and ledger, once", async () => {
  const { test: world, agents, people } = await open();
  await using _ = world;
  const alice = await add(people, "alice");
  const [one, two] = [await ask(agents), await ask(agents)];
  const { ledgerId } = people.ledger;
  const subject = { ledgerId, reviewId: one.id, decision: "approve" as const, hash: one.hash };
  const approve = (review: ReviewSummary, signature: ReturnType<typeof alice.sign>, rest: object = {}) =>
    people.reviews.approve(review.id, { hash: review.hash, reviewer: "alice", signature, ...rest });
  const signed = alice.sign(subject);
  assert.equal(codeOf(await approve(two, signed)), "signature-invalid");
  assert.equal(codeOf(await approve(one, signed, { files: ["/project/a"] })), "signature-invalid");
  assert.equal(codeOf(await approve(one, signed, { protectedFiles: ["/project/a"] })), "signature-invalid");
  assert.equal(codeOf(await approve(one, signed, { message: "other" })), "signature-invalid");
  assert.equal(codeOf(await approve(one, signed, { reviewer: "bob" })), "signature-invalid");
  assert.equal(codeOf(await approve(one, { ...signed, nonce: "x" })), "signature-invalid");
  assert.equal(codeOf(await approve(one, alice.sign({ ...subject, ledgerId: "0".repeat(32) }))), "signature-invalid");
  assert.equal(codeOf(await approve(one, alice.sign({ ...subject, hash: two.hash }))), "signature-invalid");
  const no = await people.reviews.reject(one.id, { reviewer: "alice", signature: signed });
  assert.equal(codeOf(no), "signature-invalid");
  assert.equal(people.reviews.find(one.id)?.state, "pending");
  assert.equal((await approve(one, signed)).status, "done");
  await expectWhole(people);
});

test("a signature is taken for five minutes around now, and used once, whichever process is asked", async () => {
  let now = Date.parse("2026-11-27T12:00:00Z");
  const { test: world, agents, people } = await open({ reviewers: 2 }, { now: () => now });
  await using _ = world;
  const alice = await add(people, "alice");
  const review = await ask(agents);
  const { ledgerId } = people.ledger;
  const subject = { ledgerId, reviewId: review.id, decision: "approve" as const, hash: review.hash };
  const approve = (loop: ZeroTrustLoop, signature: ReturnType<typeof alice.sign>) =>
    loop.reviews.approve(review.id, { hash: review.hash, reviewer: "alice", signature });
  for (const skew of [-6 * MINUTE, 6 * MINUTE])
    assert.equal(codeOf(await approve(people, alice.sign(subject, now + skew))), "signature-expired");
  const untimed = { ...alice.sign(subject, now), signedAt: "whenever" };
  assert.equal(codeOf(await approve(people, untimed)), "signature-invalid");
  const signed = alice.sign(subject, now - 4 * MINUTE);
  assert.equal((await approve(people, signed)).status, "more-reviewers");
  assert.equal(codeOf(await approve(people, signed)), "signature-used");
  assert.equal(codeOf(await approve(agents, signed)), "signature-used");
  const again = await world.again();
  assert.equal(codeOf(await approve(again, signed)), "signature-used");
  now += 2 * MINUTE;
  assert.equal(codeOf(await approve(again, signed)), "signature-expired");
});

test("whoever was revoked decides nothing, and what waits for more is not agreed to by them any more", async () => {
  const { test: world, agents, people } = await open({ reviewers: 2 });
  await using _ = world;
  const [alice, bob] = [await add(people, "alice"), await add(people, "bob")];
  const review = await ask(agents);
  const approve = (signer: ReviewerSigner) => people.reviews.approve(review.id, { hash: review.hash, ...by(signer) });
  assert.equal((await approve(alice)).status, "more-reviewers");
  await agents.reviewers.revoke("alice");
  assert.equal(codeOf(await approve(alice)), "reviewer-unknown");
  assert.deepEqual(await approve(bob), { status: "more-reviewers", given: ["bob"], missing: 1, roles: [] });
  // The same name again is another key, which has agreed to nothing.
  const anew = await add(people, "alice");
  assert.equal(codeOf(await approve(alice)), "reviewer-unknown");
  assert.equal((await people.reviews.get(review.id))?.standing?.missing, 1);
  assert.equal((await approve(anew)).status, "done");
  assert.equal(people.reviews.find(review.id)?.decidedBy, "bob, alice");
  await expectWhole(people);
});

test("when all are revoked nobody decides, by whatever name, until there is a reviewer again", async () => {
  const { test: world, agents, people } = await open();
  await using _ = world;
  await add(people, "alice");
  await people.reviewers.revoke("alice");
  const review = await ask(agents);
  const bare = await people.reviews.approve(review.id, { hash: review.hash, reviewer: "alice" });
  assert.equal(codeOf(bare), "signature-required");
  const bob = await add(people, "bob");
  assert.equal((await people.reviews.approve(review.id, { hash: review.hash, ...by(bob) })).status, "done");
  await expectWhole(people);
});

test("two reviewers are two people: one who agrees twice counts once, and who is missing is told", async () => {
  const {
    test: world,
    agents,
    people,
  } = await open({
    rules: [{ tools: ["deploy"], reviewers: 2, role: "security" }],
  });
  await using _ = world;
  const [alice, bob, eve] = [
    await add(people, "alice"),
    await add(people, "bob"),
    await add(people, "eve", ["security"]),
  ];
  const review = await ask(agents);
  const approve = (signer: ReviewerSigner) => people.reviews.approve(review.id, { hash: review.hash, ...by(signer) });
  const lacks = { missing: 1, roles: ["security"] };
  assert.deepEqual(await approve(alice), { status: "more-reviewers", given: ["alice"], ...lacks });
  assert.deepEqual(await approve(alice), { status: "more-reviewers", given: ["alice"], ...lacks });
  assert.deepEqual(await approve(bob), {
    ...{ status: "more-reviewers", given: ["alice", "bob"], missing: 0, roles: ["security"] },
  });
  const { standing } = (await people.reviews.get(review.id)) ?? {};
  assert.deepEqual([standing?.given, standing?.missing, standing?.roles], [["alice", "bob"], 0, ["security"]]);
  assert.equal(people.reviews.find(review.id)?.state, "pending");
  assert.equal((await approve(eve)).status, "done");
  assert.equal((await approve(eve)).status, "already");
  assert.equal(people.reviews.find(review.id)?.decidedBy, "alice, bob, eve");
  const other = await ask(agents);
  assert.equal((await people.reviews.reject(other.id, by(bob))).status, "done", "one no is a no");
  await expectWhole(people);
});

test("two who agree at the same instant in two processes make one decision, and none is lost", async () => {
  const { test: world, agents, people } = await open({ reviewers: 2 });
  await using _ = world;
  const third = await world.again();
  const [alice, bob] = [await add(people, "alice"), await add(people, "bob")];
  for (let i = 0; i < 20; i++) {
    const { id, hash } = await ask(agents);
    const results = await Promise.all([
      people.reviews.approve(id, { hash, ...by(alice) }),
      third.reviews.approve(id, { hash, ...by(bob) }),
    ]);
    const statuses = results.map(({ status }) => status).sort();
    assert.ok(statuses.includes("done"), statuses.join());
    assert.equal(people.reviews.find(id)?.state, "approved");
  }
  await expectWhole(people);
});

test("a rule that asks for reviewers is not met by nobody: without any, a name alone does not do", async () => {
  const { test: world, agents, people } = await open({ rules: [{ role: "security" }] });
  await using _ = world;
  const review = await ask(agents);
  const result = await people.reviews.approve(review.id, { hash: review.hash, reviewer: "security" });
  assert.equal(codeOf(result), "signature-required");
});

test("no reviewer decides in a process that runs agents, unless the configuration says so", async () => {
  for (const [ownProcess, expected] of [
    ["refused", "own-process"],
    ["allowed", "done"],
  ] as const) {
    const { test: world, agents } = await open({ ownProcess });
    await using _ = world;
    const alice = await add(agents, "alice");
    const review = await ask(agents);
    const result = await agents.reviews.approve(review.id, { hash: review.hash, ...by(alice) });
    assert.equal(codeOf(result), expected);
  }
});

test("names are ASCII, and none looks like another's, or is an agent's; one key is one person", async () => {
  const { test: world, people } = await open();
  await using _ = world;
  const alice = await add(people, "alice");
  const refused: Readonly<Record<string, string>> = {
    ...{ alice: "reviewer-known", Alice: "reviewer-known", "a.l.i.c.e": "reviewer-known", a1ice: "reviewer-known" },
    ...{ aIice: "reviewer-known", alіce: "reviewer-name", "alice\u200b": "reviewer-name", ａlice: "reviewer-name" },
    ...{ "": "reviewer-name", " bob": "reviewer-name", "a b": "reviewer-name", "x\n": "reviewer-name" },
    ...{ writer: "reviewer-name", "../x": "reviewer-name", ["x".repeat(65)]: "reviewer-name" },
  };
  for (const [name, code] of Object.entries(refused))
    await assert.rejects(people.reviewers.add(name), { code }, JSON.stringify(name));
  await assert.rejects(people.reviewers.add("twin", { publicKey: alice.publicKey }), { code: "reviewer-known" });
  await assert.rejects(people.reviewers.add("bob", { publicKey: "ed25519:x" }), { code: "key-malformed" });
  await assert.rejects(people.reviewers.revoke("nobody"), { code: "reviewer-unknown" });
  assert.deepEqual(
    people.reviewers.list().map(({ name }) => name),
    ["alice"],
  );
});

test("of two processes that add one name at once, one has added it", async () => {
  const { test: world, agents, people } = await open();
  await using _ = world;
  const results = await Promise.allSettled([people.reviewers.add("alice"), agents.reviewers.add("alice")]);
  const [active, ...more] = people.reviewers.list().filter(({ revokedAt }) => revokedAt === undefined);
  assert.equal(more.length, 0);
  const winners = results.filter((one) => one.status === "fulfilled");
  assert.deepEqual(
    winners.map(({ value }) => value.reviewer.publicKey),
    [active?.publicKey],
  );
});

test("reviewers of the configuration come and go with it", async () => {
  const key = () => ReviewerSigner.fromPrivateKey("x", generateKeyPairSync("ed25519").privateKey).publicKey;
  const [first, second] = [key(), key()];
  const { test: world, people } = await open({ identities: { alice: { publicKey: first, roles: ["security"] } } });
  await using _ = world;
  assert.deepEqual(people.reviewers.list()[0]?.roles, ["security"]);
  await assert.rejects(people.reviewers.revoke("alice"), { code: "reviewer-configured" });
  await assert.rejects(people.reviewers.add("bob", { publicKey: first }), { code: "reviewer-known" });
  const { ZeroTrustLoop } = await import("../loop.ts");
  const reopened = async (identities: Record<string, { publicKey: string }>) => {
    const config = { ...people.policy.config, reviews: { identities } } as LoopConfig;
    const loop = await ZeroTrustLoop.open({ config, directory: world.directory });
    const active = loop.reviewers.list().filter(({ revokedAt }) => revokedAt === undefined);
    await loop.close();
    return active.map(({ name, publicKey }) => [name, publicKey]);
  };
  assert.deepEqual(await reopened({ alice: { publicKey: second } }), [["alice", second]]);
  assert.deepEqual(await reopened({ alice: { publicKey: second } }), [["alice", second]]);
  assert.deepEqual(await reopened({}), []);
});

test("roles are a set: another order, or one named twice, changes nobody", async () => {
  const { publicKey } = ReviewerSigner.fromPrivateKey("x", generateKeyPairSync("ed25519").privateKey);
  const { test: world, people } = await open({ identities: { alice: { publicKey, roles: ["security", "security"] } } });
  await using _ = world;
  const { ZeroTrustLoop } = await import("../loop.ts");
  const reopened = async (roles: string[]): Promise<number> => {
    const config = { ...people.policy.config, reviews: { identities: { alice: { publicKey, roles } } } } as LoopConfig;
    await using loop = await ZeroTrustLoop.open({ config, directory: world.directory });
    return loop.ledger.query({ kind: "reviewer" }).length;
  };
  assert.equal(await reopened(["security", "security"]), 1);
  assert.equal(await reopened(["security", "owner"]), 3);
  assert.equal(await reopened(["owner", "security", "owner"]), 3);
});

test("a key has one spelling: another one of the same bytes makes no second reviewer", async () => {
  const { test: world, people } = await open();
  await using _ = world;
  const { publicKey } = ReviewerSigner.fromPrivateKey("alice", generateKeyPairSync("ed25519").privateKey);
  await people.reviewers.add("alice", { publicKey: ` ${publicKey}\n` });
  assert.equal(people.reviewers.list()[0]?.publicKey, publicKey);
  for (const spelt of respellings(publicKey)) {
    assert.deepEqual(Buffer.from(spelt.slice(8), "base64url"), Buffer.from(publicKey.slice(8), "base64url"));
    await assert.rejects(people.reviewers.add("bob", { publicKey: spelt }), { code: "key-malformed" });
  }
  assert.equal(people.reviewers.list().length, 1);
});

/** The last character has two unused bits. */
function respellings(key: string): string[] {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(key.at(-1) as string);
  return [1, 2, 3].map((bits) => key.slice(0, -1) + alphabet[last ^ bits]);
}

test("whoever may decide takes a yes back alone, however many it needed", async () => {
  const { test: world, agents, people } = await open({ reviewers: 2 });
  await using _ = world;
  const [alice, bob] = [await add(people, "alice"), await add(people, "bob")];
  const review = await ask(agents);
  for (const signer of [alice, bob]) await people.reviews.approve(review.id, { hash: review.hash, ...by(signer) });
  assert.equal(people.reviews.find(review.id)?.state, "approved");
  const bare = await people.reviews.revoke(review.id, { reviewer: "bob" });
  assert.equal(codeOf(bare), "signature-required");
  assert.equal((await people.reviews.revoke(review.id, by(bob))).status, "done");
  assert.equal(people.reviews.find(review.id)?.state, "rejected");
  await expectWhole(people);
});

test("nothing that is kept, printed or recorded holds a token", async () => {
  const { test: world, agents, people } = await open();
  await using _ = world;
  const { token = "" } = await people.reviewers.add("alice");
  const signer = ReviewerSigner.fromToken("alice", token);
  const review = await ask(agents);
  assert.equal((await people.reviews.approve(review.id, { hash: review.hash, ...by(signer) })).status, "done");
  const secret = token.slice("ztlr_".length);
  const seed = Buffer.from(secret, "base64url");
  for (const file of readdirSync(world.directory, { recursive: true, encoding: "utf8" })) {
    const path = join(world.directory, file);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    assert.ok(!bytes.includes(secret) && !bytes.includes(seed), file);
  }
  assert.ok(!JSON.stringify(signer).includes(secret));
  assert.equal(people.reviewers.whoseToken(token)?.name, "alice");
  for (const wrong of ["", "alice", token.slice(1), `${token}A`, `${token.slice(0, -1)}_`, token.toUpperCase()])
    assert.equal(people.reviewers.whoseToken(wrong), undefined, wrong);
});
