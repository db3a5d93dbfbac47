import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkInclusion } from "./checks.ts";
import { Ledger } from "./ledger.ts";
import { parseEntry } from "./record/entry.ts";
import { frameOf } from "./record/place.ts";
import { memoryLedger, temporaryDirectory } from "./testing.ts";

const WHY = { subject: "run", name: "r", runIds: ["r"], reason: "asked for by its owner", by: "alice" } as const;
const SECRET = "the words that must be gone";

function holdsSecret(directory: string): string[] {
  return globSync("**/*", { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) =>
      [SECRET, Buffer.from(SECRET).toString("base64").slice(0, -4)].some((one) => readFileSync(path).includes(one)),
    );
}

test("what was erased is in no file, and the ledger verifies, goes on, and tells who did it", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  const ledger = await Ledger.open({ directory });
  const large = await ledger.keep(Buffer.from(SECRET.repeat(1000)));
  const shared = await ledger.keep(Buffer.alloc(20_000, "shared "));
  const small = await ledger.keep(Buffer.from(SECRET));
  const note = (runId: string, ...contents: (typeof large)[]) =>
    ledger.append({ kind: "note", runId, body: { text: runId === "r" ? SECRET : "other", contents } });
  await note("r", large, small);
  const kept = await note("other", shared);
  await note("r", shared);
  const approval = { subject: "call", subjectSha256: "0".repeat(64), decision: "approve", reviewer: "bob" } as const;
  const decided = await ledger.append({ kind: "approval", runId: "r", body: approval });
  const before = ledger.query();
  assert.notDeepEqual(holdsSecret(directory), []);
  const indices = ledger.query({ runId: "r" }).map(({ index }) => index);
  const erasure = await ledger.erase({ ...WHY, indices });
  assert.deepEqual(holdsSecret(directory), [], "also while it is open");
  assert.ok(erasure?.kind === "erasure");
  assert.deepEqual(erasure.body, { ...WHY, indices: [0, 2], runIds: ["r"] });
  const after = ledger.query();
  assert.deepEqual(
    after.map(({ hash }) => hash).slice(0, before.length),
    before.map(({ hash }) => hash),
  );
  assert.deepEqual([after[0]?.kind, after[1], after[3]], ["erased", kept, decided], "who decided is no content");
  assert.equal((await ledger.content(shared)).length, 20_000, "what another run names is kept");
  await assert.rejects(ledger.content(large), { code: "blob-missing" });
  const result = await ledger.verify();
  assert.ok(result.ok, JSON.stringify(result));
  for (const index of [0, 1]) assert.ok(checkInclusion(ledger.proveInclusion(index), ledger.publicKey).ok);
  assert.equal(await ledger.erase({ ...WHY, indices }), undefined, "nothing is left to erase");
  await ledger.close();
  assert.deepEqual(holdsSecret(directory), []);
  await using again = await Ledger.open({ directory });
  await again.append({ kind: "note", body: { text: "goes on" } });
  assert.ok((await again.verify()).ok);
});

test("content that is missing without an erasure is found, and so is another content in its place", async () => {
  const { store, ledger } = await memoryLedger(6);
  const whole = [...store.rows];
  store.rows = whole.map((row) => (row.index === 3 ? { ...row, bytes: frameOf(row.bytes) } : row));
  const bare = await ledger.verify();
  assert.ok(!bare.ok && bare.problem.code === "entry-erased" && bare.problem.index === 3, JSON.stringify(bare));
  const [own, other] = [whole[3], whole[4]].map((row) =>
    Buffer.from(row?.bytes ?? [])
      .toString()
      .split("\n"),
  );
  const swapped = Buffer.from([own?.[0], other?.[1], other?.[2]].join("\n"));
  assert.throws(() => parseEntry(swapped), { code: "entry-malformed" });
  for (const bytes of [`${own?.[0]}\n`, `${own?.join("\n")}\n`, `${own?.[0]}\n${own?.[2]}`, ""])
    assert.throws(() => parseEntry(Buffer.from(bytes)), { code: "entry-malformed" }, JSON.stringify(bytes));
  store.rows = whole;
  await ledger.erase({ ...WHY, indices: [3] });
  assert.ok((await ledger.verify()).ok);
});

test("an erasure that was interrupted after it was recorded is done by the next one", async () => {
  const { store, ledger } = await memoryLedger(3);
  const erase = store.erase.bind(store);
  store.erase = () => {
    throw new Error("the power went");
  };
  await assert.rejects(ledger.erase({ ...WHY, indices: [1] }), /power/);
  store.erase = erase;
  assert.equal(ledger.entry(1)?.kind, "note");
  assert.notEqual(await ledger.erase({ ...WHY, indices: [1] }), undefined);
  assert.equal(ledger.entry(1)?.kind, "erased");
  assert.ok((await ledger.verify()).ok);
});
