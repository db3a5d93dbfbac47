import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkConsistency, checkInclusion } from "./checks.ts";
import { Ledger } from "./ledger.ts";
import { INLINE_CONTENT_BYTES_MAX, QUEUE_ENTRIES_MAX } from "./limits.ts";
import type { EntryDraft } from "./record/entry.ts";
import { formatPublicKey, parseHead, parsePublicKey, type SignedHead } from "./record/head.ts";
import { generateSigningKey } from "./store/signing-key.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import { MemoryStore } from "./store/testing.ts";
import { memoryLedger, noteDraft, temporaryDirectory } from "./testing.ts";
import { verify } from "./verify.ts";

const SHA = "a".repeat(64);

test("entries come back as they were given, from another opening too", async (t) => {
  const directory = temporaryDirectory(t);
  let time = Date.parse("2026-01-01T00:00:00.000Z");
  const open = (): Promise<Ledger> => Ledger.open({ directory, now: () => time++ });
  const first = await open();
  const stdout = await first.keep(Buffer.from("hello"));
  const drafts: EntryDraft[] = [
    { kind: "call", runId: "r1", agent: "a", body: { tool: "python", input: { code: "print('hello')" } } },
    { kind: "policy-decision", runId: "r1", body: { decision: "run", rule: "tools.python", reason: "granted" } },
    {
      kind: "run",
      runId: "r1",
      body: { status: "ok", exitCode: 0, stdout, stderr: await first.keep(Buffer.alloc(0)) },
    },
    { kind: "reads", runId: "r1", body: { count: 1, files: [{ path: "/etc/hosts", sizeBytes: 3, sha256: SHA }] } },
    {
      kind: "verdict",
      runId: "r1",
      body: { subject: "stdout", verdict: "admit", contentSha256: stdout.sha256, ruleSetHash: SHA, findings: [] },
    },
    {
      kind: "admission",
      body: { contentSha256: SHA, ruleSetHash: SHA, nonce: "n", expiresAt: "2026-01-01T00:00:00.000Z", signature: "s" },
    },
    {
      kind: "change-set",
      body: { changeSetSha256: SHA, count: 1, changes: [{ path: "/a", change: "add", newSha256: SHA }] },
    },
    {
      kind: "approval",
      body: { subject: "change-set", subjectSha256: SHA, decision: "approve", reviewer: "me", files: ["/a"] },
    },
    {
      kind: "sync",
      body: { changeSetSha256: SHA, outcome: "conflict", conflicts: [{ path: "/a", reason: "changed" }] },
    },
    { kind: "note", agent: "b", body: { text: "fin", details: { deep: [1, { x: null }] } } },
  ];
  const returned = [];
  for (const draft of drafts) returned.push(await first.append(draft));
  await first.close();

  await using again = await open();
  assert.deepEqual(again.query(), returned);
  again.query().forEach((entry, i) => {
    const { kind, body, runId, agent } = drafts[i] as EntryDraft;
    assert.deepEqual([entry.index, entry.kind, entry.body, entry.runId, entry.agent], [i, kind, body, runId, agent]);
  });
  assert.deepEqual(
    again.query({ runId: "r1", kind: "run" }).map(({ index }) => index),
    [2],
  );
  assert.deepEqual(
    again.query({ agent: "b" }).map(({ index }) => index),
    [9],
  );
  assert.deepEqual(
    again.tail(2).map(({ index }) => index),
    [8, 9],
  );
  assert.deepEqual(
    again.query({ since: returned[3]?.time, until: returned[5]?.time }).map(({ index }) => index),
    [3, 4],
  );
  assert.equal(Buffer.from(await again.content(stdout)).toString(), "hello");
  assert.equal(again.entry(10), undefined);
  assert.deepEqual(again.query({ limit: 0 }), []);
  for (const limit of [-1, 1.5, Number.NaN]) assert.throws(() => again.query({ limit }), { code: "query-invalid" });
  assert.equal((await again.append(noteDraft("more"))).previousHash, returned[9]?.hash);
  assert.ok((await again.verify()).ok);
});

test("a ledger's files are its owner's alone", async (t) => {
  const directory = temporaryDirectory(t);
  await using ledger = await Ledger.open({ directory: join(directory, "a/b") });
  await ledger.append({ kind: "note", body: { text: "x", contents: [await ledger.keep(Buffer.alloc(100_000))] } });
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name);
  }
});

test("appends that arrive together share a group, keep their order, and each is durable when resolved", async (t) => {
  const directory = temporaryDirectory(t);
  await using ledger = await Ledger.open({ directory });
  const reader = new SqliteStore({ directory, access: "read" });
  t.after(() => reader.close());
  await Promise.all(
    Array.from({ length: 2500 }, async (_, i) => {
      const entry = await ledger.append(noteDraft(`${i}`));
      assert.equal(entry.index, i);
      if (i % 500 === 0) assert.ok((reader.extent().lastIndex as number) >= i);
    }),
  );
  assert.ok(reader.heads(0, 100).length <= 5, "2,500 appends at once are a few groups");
  assert.deepEqual(await verify(reader, { publicKey: ledger.publicKey }), await ledger.verify());
});

test("two openings write to one ledger in turn and at once", async (t) => {
  const directory = temporaryDirectory(t);
  await using one = await Ledger.open({ directory });
  await using two = await Ledger.open({ directory });
  const entries = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i % 40));
      return (i % 2 === 0 ? one : two).append(noteDraft(`${i}`));
    }),
  );
  assert.deepEqual(
    entries.map(({ index }) => index).sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.ok((await one.verify()).ok);
  assert.deepEqual(one.head(), two.head());
});

test("verification and appends go on at the same time", async (t) => {
  await using ledger = await Ledger.open({ directory: temporaryDirectory(t) });
  await Promise.all(Array.from({ length: 600 }, (_, i) => ledger.append(noteDraft(`${i}`))));
  let appended = 0;
  let done = false;
  const appending = (async () => {
    while (!done) {
      await ledger.append(noteDraft("meanwhile"));
      appended++;
    }
  })();
  for (let i = 0; i < 5; i++) {
    const result = await ledger.verify({ anchor: ledger.head()?.line as string });
    assert.ok(result.ok, JSON.stringify(result));
  }
  done = true;
  await appending;
  assert.ok(appended > 0);
});

test("the waiting line is bounded", async () => {
  const ledger = new Ledger(new MemoryStore(), generateSigningKey());
  const results = await Promise.allSettled(
    Array.from({ length: QUEUE_ENTRIES_MAX + 5 }, (_, i) => ledger.append(noteDraft(`${i}`))),
  );
  const refused = results.filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 5);
  assert.ok(refused.every((one) => one.status === "rejected" && one.reason.code === "ledger-queue-full"));
  assert.equal((await ledger.append(noteDraft("later"))).index, QUEUE_ENTRIES_MAX);
});

test("what was recorded cannot be changed through the objects that were given or returned", async () => {
  const { ledger } = await memoryLedger(0);
  const input = { list: [1] };
  const pending = ledger.append({ kind: "call", body: { tool: "t", input } });
  input.list.push(2);
  const entry = await pending;
  (entry.body as { tool: string }).tool = "other";
  assert.deepEqual(ledger.entry(0)?.body, { tool: "t", input: { list: [1] } });
});

test("small content stays in its entry, large content is a blob that must be kept first", async (t) => {
  await using ledger = await Ledger.open({ directory: temporaryDirectory(t) });
  const small = await ledger.keep(Buffer.alloc(INLINE_CONTENT_BYTES_MAX, 1));
  const large = await ledger.keep(Buffer.alloc(INLINE_CONTENT_BYTES_MAX + 1, 1));
  assert.ok(small.base64 !== undefined && large.base64 === undefined);
  await ledger.append({ kind: "note", body: { text: "both", contents: [small, large] } });
  for (const one of [small, large]) assert.equal((await ledger.content(one)).length, one.sizeBytes);
  const absent = { sha256: SHA, sizeBytes: 10 };
  await assert.rejects(ledger.append({ kind: "note", body: { text: "x", contents: [absent] } }), {
    code: "blob-missing",
  });
  const lying = { ...small, sha256: SHA };
  await assert.rejects(ledger.append({ kind: "note", body: { text: "x", contents: [lying] } }), {
    code: "entry-invalid",
  });
  // What an agent writes as input is not looked at, whatever it looks like.
  await ledger.append({ kind: "call", body: { tool: "t", input: { inputContent: absent, contents: [absent] } } });
  const result = await ledger.verify();
  assert.ok(result.ok && result.blobs === 1);
});

test("proofs convince someone who has the public key alone, and nobody when anything is changed", async () => {
  const { ledger, key } = await memoryLedger(30);
  const publicKey = parsePublicKey(formatPublicKey(key.publicKey));
  const early = parseHead(ledger.head()?.line as string);
  for (let i = 0; i < 17; i++) await ledger.append(noteDraft(`later ${i}`));
  for (const index of [0, 13, 46]) {
    const proof = JSON.parse(JSON.stringify(ledger.proveInclusion(index))) as ReturnType<Ledger["proveInclusion"]>;
    assert.deepEqual(checkInclusion(proof, publicKey), { ok: true });
    const body = { text: "other" };
    assert.ok(!checkInclusion({ ...proof, entry: { ...proof.entry, kind: "note", body } }, publicKey).ok);
    assert.ok(!checkInclusion({ ...proof, path: proof.path.slice(1) }, publicKey).ok);
    assert.ok(!checkInclusion(proof, generateSigningKey().publicKey).ok);
    assert.ok(!checkInclusion({ ...proof, head: early }, publicKey).ok);
  }
  const proof = ledger.proveConsistency(early);
  assert.deepEqual(checkConsistency(proof, publicKey), { ok: true });
  assert.ok(!checkConsistency({ ...proof, path: [...proof.path].reverse() }, publicKey).ok);
  assert.ok(!checkConsistency({ ...proof, from: proof.to }, publicKey).ok);
  assert.ok(!checkConsistency({} as typeof proof, publicKey).ok);
  assert.throws(() => ledger.proveInclusion(47), { code: "proof-range" });
  assert.throws(() => ledger.proveConsistency({ ...early, size: 1000 } as SignedHead), { code: "proof-range" });
});

test("a closed ledger writes what waits and refuses more", async (t) => {
  const directory = temporaryDirectory(t);
  const ledger = await Ledger.open({ directory });
  const waiting = [ledger.append(noteDraft("1")), ledger.append(noteDraft("2"))];
  await ledger.close();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ index }) => index),
    [0, 1],
  );
  await assert.rejects(ledger.append(noteDraft("3")), { code: "ledger-closed" });
  await using again = await Ledger.open({ directory });
  assert.equal(again.query().length, 2);
});
