import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Ledger } from "../ledger.ts";
import { QUEUE_ENTRIES_MAX } from "../limits.ts";
import type { DraftText } from "../record/place.ts";
import { generateSigningKey } from "../store/signing-key.ts";
import { MemoryStore } from "../store/testing.ts";
import { noteDraft, temporaryDirectory } from "../testing.ts";
import { GroupCommit } from "./group-commit.ts";
import { WriterThread } from "./writer-thread.ts";

const DRAFT: DraftText = {
  kind: "note",
  runId: undefined,
  agent: undefined,
  time: "2026-01-31T12:00:00.000Z",
  bodyText: '{"text":"a"}',
};

test("400 at once stand in the order of the calls, and closing waits for them", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  const ledger = await Ledger.open({ directory });
  const appended = Array.from({ length: 400 }, (_, i) => ledger.append(noteDraft(`step ${i}`)));
  await ledger.close();
  const indices = (await Promise.all(appended)).map(({ index }) => index);
  assert.deepEqual(
    indices,
    indices.map((_, i) => i),
  );
  await using again = await Ledger.open({ directory });
  assert.ok((await again.verify()).ok);
  const texts = again.query({ kind: "note" }).map((entry) => entry.kind === "note" && entry.body.text);
  assert.deepEqual(
    texts,
    texts.map((_, i) => `step ${i}`),
  );
});

test("what an append resolves to is what is stored", async (t) => {
  await using ledger = await Ledger.open({ directory: join(temporaryDirectory(t), "ledger") });
  for (const draft of [noteDraft("one", "run"), { kind: "note", body: { text: "without run" } } as const])
    assert.deepEqual(await ledger.append(draft), ledger.tail(1)[0]);
});

test("what may wait is written with what comes next, in the order of the calls, and without anything by itself", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  await using ledger = await Ledger.open({ directory });
  const alone = await ledger.append(noteDraft("alone"), { mayWait: true });
  assert.deepEqual(ledger.tail(1), [alone]);
  const groups = (): number => (ledger.head()?.number ?? -1) + 1;
  const before = groups();
  const waits = ledger.append(noteDraft("waits"), { mayWait: true });
  // Another turn of the event loop, and more than one.
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  const [first, second] = await Promise.all([waits, ledger.append(noteDraft("does not"))]);
  assert.deepEqual(
    [first, second].map(({ index }) => index),
    [1, 2],
  );
  assert.equal(groups(), before + 1);
});

test("closing writes what may wait, and a flush makes it go", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  const ledger = await Ledger.open({ directory });
  const flushed = ledger.append(noteDraft("flushed"), { mayWait: true });
  await Promise.all([ledger.flush(), flushed]);
  const last = ledger.append(noteDraft("last"), { mayWait: true });
  await ledger.close();
  assert.equal((await last).index, 1);
  await using again = await Ledger.open({ directory });
  assert.equal(again.query().length, 2);
  assert.ok((await again.verify()).ok);
});

test("while the database is held by another connection, the event loop goes on", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  await using ledger = await Ledger.open({ directory });
  await ledger.append(noteDraft("first"));
  const other = new DatabaseSync(join(directory, "ledger.sqlite"));
  t.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  let isAppended = false;
  const appended = ledger.append(noteDraft("second")).then(() => {
    isAppended = true;
  });
  for (let i = 0; i < 10; i++) await sleep(10);
  assert.equal(isAppended, false);
  other.exec("COMMIT");
  await appended;
  assert.equal(ledger.query().length, 2);
});

const program = (text: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from "node:worker_threads"; ${text}`)}`);
const DATA = { directory: "/nowhere", key: generateSigningKey(), beside: [] };

test("a thread that ends is told to all that wait, and to all that come", async () => {
  for (const end of ['throw new Error("out of order")', "process.exit(3)"]) {
    const writer = new WriterThread(DATA, program(`parentPort.on("message", () => { ${end} });`));
    const waiting = [writer.add(DRAFT), writer.add(DRAFT)];
    for (const one of waiting) await assert.rejects(one, { code: "ledger-writer-ended" });
    await assert.rejects(writer.add(DRAFT), { code: "ledger-writer-ended" });
    await writer.close();
  }
});

test("a thread that cannot open the ledger any more is told, too", async () => {
  const writer = new WriterThread({ ...DATA, directory: "/dev/null/ledger" });
  await assert.rejects(writer.add(DRAFT), { code: "ledger-writer-ended" });
  await writer.close();
});

test("no more wait than the bound says, in a process that would never end otherwise", async () => {
  const writer = new WriterThread(DATA, program('parentPort.on("message", (m) => m === "close" && process.exit());'));
  const waiting = Array.from({ length: QUEUE_ENTRIES_MAX }, () => writer.add(DRAFT));
  for (const one of waiting) one.catch(() => {});
  await assert.rejects(writer.add(DRAFT), { code: "ledger-queue-full" });
  await writer.close();
  await assert.rejects(waiting[0] as Promise<unknown>, { code: "ledger-writer-ended" });
});

test("nothing is acknowledged before what belongs beside it is durable", async () => {
  const store = new MemoryStore();
  const flushes: (() => void)[] = [];
  const commits = new GroupCommit(store, generateSigningKey(), () => new Promise((resolve) => flushes.push(resolve)));
  const done: string[] = [];
  const work = [commits.add(DRAFT).then(() => done.push("entry")), commits.flush().then(() => done.push("flush"))];
  await sleep(20);
  assert.deepEqual([done, flushes.length, store.rows.length], [[], 1, 1]);
  flushes[0]?.();
  await Promise.all(work);
  assert.deepEqual(done, ["entry", "flush"]);
  const later = commits.flush().then(() => done.push("later"));
  await sleep(20);
  assert.deepEqual([done.length, flushes.length, store.rows.length], [2, 2, 1], "a wait alone writes no entry");
  flushes[1]?.();
  await later;
});
