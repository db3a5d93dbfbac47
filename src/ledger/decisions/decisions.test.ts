import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { defined } from "../../base/optional.ts";
import { Ledger } from "../ledger.ts";
import type { Body } from "../record/bodies.ts";
import { inlineContent } from "../record/fields.ts";
import { formatPublicKey } from "../record/head.ts";
import { generateSigningKey } from "../store/signing-key.ts";
import { MemoryStore } from "../store/testing.ts";
import {
  bytesOfSelection,
  hashOfMessage,
  hashOfSelection,
  isStatementSigned,
  signStatement,
  textOfSelection,
} from "./statement.ts";

test("the text of a selection is the same made in slices", async () => {
  const path = fc.string({ unit: "binary" });
  const lists = fc.record({ files: fc.array(path), protectedFiles: fc.array(path) }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(lists, async (selection) => {
      assert.equal((await bytesOfSelection(selection)).toString("utf8"), textOfSelection(selection));
    }),
  );
  const files = Array.from({ length: 20_000 }, (_, number) => `/project/\ud800${(number * 7919) % 20_011} "ü"`);
  assert.equal((await bytesOfSelection({ files })).toString("utf8"), textOfSelection({ files }));
});

const HASH = "a".repeat(64);
const NOW = Date.parse("2026-11-27T12:00:00.000Z");
const alice = person("alice");
const bob = person("bob");

function person(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { name, privateKey, publicKey: formatPublicKey(publicKey) };
}
type Person = typeof alice;

interface Signing {
  readonly decision?: Body<"decision">["decision"];
  readonly reviewId?: string;
  readonly hash?: string;
  readonly take?: string;
  readonly by?: Person;
  readonly files?: readonly string[];
  readonly message?: string;
  readonly ledgerId?: string;
  readonly signedAt?: string;
  readonly nonce?: string;
}

class World {
  readonly store = new MemoryStore();
  now = NOW;
  readonly ledger = new Ledger(this.store, generateSigningKey(), () => this.now);
  #nonces = 0;

  async reviewer(change: "added" | "revoked", { name, publicKey }: Person): Promise<void> {
    await this.ledger.append({ kind: "reviewer", body: { change, name, publicKey, roles: [], origin: "token" } });
  }

  /** A decision as its reviewer signed it. */
  signed({ by = alice, files, message, take, ...rest }: Signing = {}) {
    const { ledgerId = this.ledger.ledgerId, signedAt, nonce } = rest;
    const { reviewId = "r1", decision = "approve", hash: shown = HASH } = rest;
    const statement = {
      ...{ ledgerId, reviewId, decision, hash: shown, ...defined({ take }) },
      ...{ selectionSha256: hashOfSelection({ files }), messageSha256: hashOfMessage(message) },
      ...{ reviewer: by.name, publicKey: by.publicKey },
      ...{ signedAt: signedAt ?? new Date(this.now).toISOString(), nonce: nonce ?? `nonce-${this.#nonces++}` },
    };
    const { ledgerId: _, hash, messageSha256: __, take: ___, ...members } = statement;
    const body: Body<"decision"> = {
      ...members,
      ...{ subject: "change-set", subjectSha256: hash, signature: signStatement(statement, by.privateKey) },
      ...(defined({ files, message, take }) as { files?: string[]; message?: string; take?: string }),
    };
    return body;
  }

  async decide(body: Body<"decision">, approval: Partial<Body<"approval">> = {}): Promise<void> {
    await this.ledger.append({ kind: "decision", body });
    const { reviewer, nonce, files, message } = body;
    const said = defined({ files, message }) as Pick<Body<"approval">, "files" | "message">;
    await this.approve({ reviewer, statements: [nonce], ...said, ...approval });
  }

  async approve(approval: Partial<Body<"approval">>): Promise<void> {
    const about = { reviewId: "r1", subject: "change-set", subjectSha256: HASH } as const;
    const body = { ...about, decision: "approve", ...approval } as const;
    await this.ledger.append({ kind: "approval", body });
  }

  async unproven(): Promise<readonly string[]> {
    const result = await this.ledger.verify();
    if (result.ok) return [];
    assert.equal(result.problem.code, "decision-unproven", result.problem.message);
    return (result.unproven ?? []).map(({ index, reviewer, why }) => `${index} ${reviewer} ${why}`);
  }
}

test("decisions that their reviewers signed hold, and are counted apart from those of before", async () => {
  const world = new World();
  await world.approve({ reviewer: "somebody" });
  await world.reviewer("added", alice);
  await world.reviewer("added", bob);
  await world.decide(world.signed({ files: ["/a", "/b"], message: "fine" }));
  const [first, second] = [world.signed(), world.signed({ by: bob })];
  await world.ledger.append({ kind: "decision", body: first });
  await world.ledger.append({ kind: "decision", body: second });
  await world.approve({ reviewer: "alice, bob", statements: [first.nonce, second.nonce] });
  await world.approve({ decision: "expire" });
  const result = await world.ledger.verify();
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(result.decisions, { signed: 3, unsigned: 1 });
});

test("whatever of a signed decision is changed, it is named", async () => {
  const other: { readonly [K in keyof Body<"decision">]?: Body<"decision">[K] } = {
    ...{ reviewId: "r2", subjectSha256: "b".repeat(64), decision: "reject", selectionSha256: "c".repeat(64) },
    ...{ files: ["/a"], message: "other", reviewer: "bob", publicKey: bob.publicKey },
    ...{ signedAt: new Date(NOW + 1).toISOString(), nonce: "another", signature: "A".repeat(86) },
  };
  for (const [member, value] of Object.entries(other)) {
    const world = new World();
    await world.reviewer("added", alice);
    await world.reviewer("added", bob);
    await world.decide({ ...world.signed({ files: ["/a", "/b"] }), [member]: value });
    const found = await world.unproven();
    assert.ok(found[0]?.startsWith("2 "), `${member}: ${found.join()}`);
  }
});

test("a decision is for one ledger, one time, and one use", async () => {
  const world = new World();
  await world.reviewer("added", alice);
  const body = world.signed();
  await world.decide(body);
  await world.decide(body);
  await world.decide(world.signed({ ledgerId: "0".repeat(32) }));
  await world.decide(world.signed({ signedAt: new Date(NOW - 3_600_000).toISOString() }));
  const found = await world.unproven();
  assert.deepEqual(
    found.map((one) => one.split(" ")[0]),
    ["3", "4", "5", "6", "7", "8"],
  );
  assert.match(found[0] ?? "", /used before/);
});

test("who was not a reviewer yet, or is none any more, decides nothing; nor does a second key under a name", async () => {
  const world = new World();
  const impostor = { ...person("x"), name: "alice" };
  await world.decide(world.signed());
  await world.reviewer("added", alice);
  await world.reviewer("added", impostor);
  await world.decide(world.signed({ by: impostor }));
  await world.decide(world.signed());
  await world.reviewer("revoked", alice);
  await world.decide(world.signed());
  const found = await world.unproven();
  assert.deepEqual(
    found.map((one) => one.split(" ")[0]),
    ["0", "1", "4", "5", "9", "10"],
  );
});

test("once there are reviewers, an approval without one, by another, or twice by one is named", async () => {
  const world = new World();
  await world.reviewer("added", alice);
  await world.reviewer("added", bob);
  await world.approve({ reviewer: "alice" });
  await world.decide(world.signed(), { reviewer: "bob" });
  await world.decide(world.signed(), { decision: "reject" });
  const [one, two] = [world.signed(), world.signed()];
  await world.ledger.append({ kind: "decision", body: one });
  await world.ledger.append({ kind: "decision", body: two });
  await world.approve({ reviewer: "alice, alice", statements: [one.nonce, two.nonce] });
  const found = await world.unproven();
  assert.deepEqual(
    found.map((text) => text.split(" ")[0]),
    ["2", "4", "6", "9"],
  );
});

test("an approval is of what its statements are for, in every part; and several of them are for one thing", async () => {
  const signed: Signing = { files: ["/a"], message: "fine" };
  const [B, other] = ["/b", "b".repeat(64)];
  const wrong: Partial<Body<"approval">>[] = [
    ...partials({ reviewId: "r2", subjectSha256: other, shownSha256: other, subject: "call", files: ["/a", B] }),
    ...partials({ files: [B], protectedFiles: ["/a"], message: "other", decision: "revoke", reviewer: "bob" }),
  ];
  for (const members of wrong) {
    const world = new World();
    await world.reviewer("added", alice);
    await world.reviewer("added", bob);
    await world.decide(world.signed(signed), members);
    assert.deepEqual(
      (await world.unproven()).map((text) => text.split(" ")[0]),
      ["3"],
      JSON.stringify(members),
    );
  }
  const others: readonly Signing[] = [{ reviewId: "r2" }, { hash: "b".repeat(64) }, { files: ["/b"] }, { files: [] }];
  for (const other of others) {
    const world = new World();
    await world.reviewer("added", alice);
    await world.reviewer("added", bob);
    const [one, two] = [world.signed(signed), world.signed({ ...signed, ...other, by: bob })];
    for (const body of [one, two]) await world.ledger.append({ kind: "decision", body });
    const statements = [one.nonce, two.nonce];
    await world.approve({ reviewer: "alice, bob", statements, files: ["/a"], message: "fine" });
    assert.deepEqual(
      (await world.unproven()).map((text) => text.split(" ")[0]),
      ["4"],
      JSON.stringify(other),
    );
  }
});

/** One for each member. */
function partials(body: Partial<Body<"approval">>): Partial<Body<"approval">>[] {
  return Object.entries(body).map(([member, value]) => ({ [member]: value }));
}

test("an approval is about the agent that its statements are about", async () => {
  const world = new World();
  await world.reviewer("added", alice);
  const body = world.signed();
  await world.ledger.append({ kind: "decision", agent: "one", body });
  const about = { reviewId: "r1", subject: "change-set", subjectSha256: HASH, decision: "approve" } as const;
  await world.ledger.append({
    ...{ kind: "approval", agent: "another" },
    body: { ...about, reviewer: "alice", statements: [body.nonce] },
  });
  assert.deepEqual(
    (await world.unproven()).map((text) => text.split(" ")[0]),
    ["2"],
  );
});

/** Entries that carry a decision themselves. */
const CARRIERS = {
  undo: { outcome: "undone", other: "applied" },
  redo: { outcome: "applied", other: "undone" },
  rebase: { outcome: undefined, other: undefined },
} as const;
type Carried = keyof typeof CARRIERS;

for (const decision of ["undo", "redo", "rebase"] as const satisfies readonly Carried[])
  test(`a signed ${decision} is kept by the entry of what was done, and is for that alone`, async () => {
    const { outcome, other } = CARRIERS[decision];
    type Decided = NonNullable<Body<"sync">["decided"]>;
    const run = async (members: Partial<Decided> | undefined, sync: Partial<Body<"sync">> = {}) => {
      const world = new World();
      await world.reviewer("added", alice);
      await world.decide(world.signed());
      const take = decision === "rebase" ? "host" : undefined;
      const body = world.signed({ decision, files: ["/a"], ...defined({ take }) });
      await world.ledger.append({ kind: "decision", body });
      const decided = {
        ...{ reviewId: "r1", subjectSha256: HASH, decision, reviewer: "alice", files: ["/a"] },
        ...{ statements: [body.nonce], ...defined({ take }), ...members },
      };
      const said = members === undefined ? {} : { decided };
      const done = { changeSetSha256: HASH, outcome: outcome ?? "applied", ...said, ...sync } as const;
      const list = inlineContent(Buffer.from("[]"));
      if (decision === "rebase") await world.ledger.append({ kind: "rebase", body: { list, decided } });
      else await world.ledger.append({ kind: "sync", body: done });
      return (await world.unproven()).map((text) => text.split(" ")[0]);
    };
    assert.deepEqual(await run({}), []);
    const wrong: Partial<Decided>[] = [
      ...[{ reviewId: "r2" }, { subjectSha256: "b".repeat(64) }, { reviewer: "bob" }, { files: ["/b"] }],
      ...[{ message: "other" }, { statements: [] }, { statements: ["none"] }, { take: "workspace" }],
    ];
    for (const members of wrong) assert.ok((await run(members)).includes("4"), JSON.stringify(members));
    if (decision === "rebase") return;
    assert.deepEqual(await run({}, { changeSetSha256: "b".repeat(64) }), ["4"]);
    assert.deepEqual(await run({}, { outcome: other ?? "applied" }), ["4"]);
    assert.deepEqual(await run({}, { outcome: "conflict" }), []);
    // The yes from before is for writing it once; nobody said that it should be put back.
    assert.deepEqual(await run(undefined), decision === "redo" ? [] : ["4"]);
    assert.deepEqual(await run(undefined, { changeSetSha256: "b".repeat(64) }), ["4"]);
    assert.deepEqual(await run(undefined, { changeSetSha256: "b".repeat(64), details: { recovered: true } }), []);
  });

test("one yes is for writing it once", async () => {
  const world = new World();
  await world.reviewer("added", alice);
  await world.decide(world.signed());
  for (const outcome of ["failed", "applied", "applied"] as const)
    await world.ledger.append({ kind: "sync", body: { changeSetSha256: HASH, outcome } });
  assert.deepEqual(
    (await world.unproven()).map((text) => text.split(" ")[0]),
    ["5"],
  );
});

test("files that are content beside the entry are those that were signed, and are told once", async () => {
  const contentOf = (paths: readonly string[]) => inlineContent(Buffer.from(textOfSelection({ files: paths })));
  const [signed, other] = [contentOf(["/b", "/a"]), contentOf(["/a", "/c"])];
  const run = async (approval: Partial<Body<"approval">>): Promise<readonly string[]> => {
    const world = new World();
    await world.reviewer("added", alice);
    const { files: _, ...body } = world.signed({ files: ["/a", "/b"] });
    await world.decide(body, approval);
    return await world.unproven();
  };
  assert.deepEqual(await run({ selection: signed }), []);
  for (const wrong of [
    { selection: other },
    {},
    { selection: signed, files: ["/c"] },
    { selection: signed, protectedFiles: [] },
  ])
    assert.match((await run(wrong)).join(), /^2 alice .* was another one$/, JSON.stringify(wrong));
});

test("a selection is a set; all files and none are two things; a signature has one spelling", () => {
  assert.equal(hashOfSelection({ files: ["/b", "/a", "/a"] }), hashOfSelection({ files: ["/a", "/b"] }));
  const hashes = [{}, { files: [] }, { files: ["/a"] }, { files: ["/a"], protectedFiles: ["/a"] }].map(hashOfSelection);
  assert.equal(new Set(hashes).size, hashes.length);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const statement = {
    ...{ ledgerId: "l", reviewId: "r", decision: "approve" as const, hash: HASH, selectionSha256: HASH },
    ...{ messageSha256: HASH, reviewer: "a", publicKey: "k", signedAt: "t", nonce: "n" },
  };
  const signature = signStatement(statement, privateKey);
  assert.ok(isStatementSigned(statement, signature, publicKey));
  for (const spelt of [`${signature}=`, ` ${signature}`, signature.slice(1), respelt(signature), ""])
    assert.equal(isStatementSigned(statement, spelt, publicKey), false, spelt);
});

/** The last character has two unused bits. */
function respelt(signature: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1) as string) ^ 1];
}

test("a breaker is closed by who signed that, or by the rule it was opened with", async () => {
  const opening = { breakerId: "b1", scope: "global", subjectSha256: HASH, source: "person" } as const;
  const closing = { ...opening, change: "closed" } as const;
  const cases: readonly [string, (world: World) => Promise<void>, readonly string[]][] = [
    [
      "signed",
      async (world) => {
        const body = world.signed({ decision: "close", reviewId: "b1" });
        await world.ledger.append({ kind: "decision", body: { ...body, subject: "breaker" } });
        await world.ledger.append({
          kind: "breaker",
          body: { ...closing, reviewer: "alice", statements: [body.nonce] },
        });
      },
      [],
    ],
    [
      "signed for another breaker",
      async (world) => {
        const body = world.signed({ decision: "close", reviewId: "b2" });
        await world.ledger.append({ kind: "decision", body: { ...body, subject: "breaker" } });
        await world.ledger.append({
          kind: "breaker",
          body: { ...closing, reviewer: "alice", statements: [body.nonce] },
        });
      },
      ["3 alice the signed decision behind it was another one"],
    ],
    [
      "signed by nobody",
      (world) => world.ledger.append({ kind: "breaker", body: { ...closing, reviewer: "alice" } }).then(() => {}),
      ["2 alice there were reviewers, and none of them signed it"],
    ],
    [
      "by a rule, where there is none",
      (world) => world.ledger.append({ kind: "breaker", body: closing }).then(() => {}),
      ["2 nobody a breaker was closed, and no rule closes it"],
    ],
  ];
  for (const [name, close, expected] of cases) {
    const world = new World();
    await world.reviewer("added", alice);
    await world.ledger.append({ kind: "breaker", body: { ...opening, change: "opened" } });
    await close(world);
    assert.deepEqual(await world.unproven(), expected, name);
  }
  const world = new World();
  await world.reviewer("added", alice);
  await world.ledger.append({ kind: "breaker", body: { ...opening, change: "opened", coolDownMs: 1000 } });
  await world.ledger.append({ kind: "breaker", body: closing });
  assert.deepEqual(await world.unproven(), []);
  await world.ledger.append({ kind: "breaker", body: closing });
  assert.deepEqual(await world.unproven(), ["3 nobody a breaker was closed, and no rule closes it"]);
});
