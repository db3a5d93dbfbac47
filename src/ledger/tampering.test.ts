import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalise } from "../base/canonical-json.ts";
import { defined } from "../base/optional.ts";
import { Ledger } from "./ledger.ts";
import { Frontier, leafHash } from "./merkle/tree.ts";
import { parseEntry, sealDraft } from "./record/entry.ts";
import { keyIdOf, signHead } from "./record/head.ts";
import { hex } from "./record/hex.ts";
import { genesisHash, placeDraft } from "./record/place.ts";
import { generateSigningKey } from "./store/signing-key.ts";
import type { StoredEntry } from "./store/store.ts";
import { MemoryStore } from "./store/testing.ts";
import { memoryLedger, noteDraft } from "./testing.ts";
import { verify } from "./verify.ts";

const ENTRIES = 10;
const key = generateSigningKey();
const { store: original } = await memoryLedger(ENTRIES, key);
const text = (value: string): Uint8Array => Buffer.from(value);

/** A copy that may be spoilt without spoiling the next test's. */
function copy(): MemoryStore {
  const store = new MemoryStore();
  store.rows = original.rows.map((row) => ({
    ...row,
    bytes: Uint8Array.from(row.bytes),
    hash: Uint8Array.from(row.hash),
  }));
  store.headRows = original.headRows.map((row) => ({ ...row, peaks: Uint8Array.from(row.peaks) }));
  store.note = original.note;
  return store;
}

async function expectProblem(
  store: MemoryStore,
  codes: readonly string[],
  index?: number,
  anchor?: string,
): Promise<void> {
  const result = await verify(store, { publicKey: key.publicKey, ...defined({ anchor }) });
  assert.ok(!result.ok, `expected ${codes.join(" or ")}`);
  assert.ok(
    codes.includes(result.problem.code),
    `expected ${codes.join(" or ")}; found ${JSON.stringify(result.problem)}`,
  );
  if (index !== undefined) assert.equal(result.problem.index, index, result.problem.message);
}

test("the untouched ledger is whole", async () => {
  const result = await verify(copy(), { publicKey: key.publicKey });
  assert.ok(result.ok);
  assert.deepEqual([result.entries, result.heads], [ENTRIES, original.headRows.length]);
});

test("every flipped bit of every byte of every entry is found, with its index", async () => {
  for (let i = 0; i < ENTRIES; i++) {
    const length = (original.rows[i] as StoredEntry).bytes.length;
    for (let at = 0; at < length; at++) {
      const store = copy();
      const bytes = (store.rows[i] as StoredEntry).bytes;
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      await expectProblem(store, ["entry-changed", "entry-misplaced", "chain-broken"], i);
    }
  }
});

test("every flipped byte of hashes, columns, heads, frontiers and the note is found", async () => {
  for (let i = 0; i < ENTRIES; i++) {
    for (let at = 0; at < 32; at++) {
      const store = copy();
      const { hash } = store.rows[i] as StoredEntry;
      hash[at] = (hash[at] as number) ^ 0x10;
      await expectProblem(store, ["entry-changed"], i);
    }
    for (const column of ["time", "kind", "runId", "agent"] as const) {
      const store = copy();
      store.rows[i] = { ...(store.rows[i] as StoredEntry), [column]: "other" };
      await expectProblem(store, ["entry-changed"], i);
    }
  }
  for (const [number, head] of original.headRows.entries()) {
    for (let at = 0; at < head.line.length; at++) {
      const store = copy();
      const changed = Buffer.from(head.line);
      changed[at] = (changed[at] as number) ^ (1 << (at % 7));
      store.headRows[number] = { ...head, line: changed.toString("latin1") };
      await expectProblem(store, ["head-wrong", "root-mismatch"]);
    }
    for (let at = 0; at < head.peaks.length; at++) {
      const store = copy();
      const { peaks } = store.headRows[number] as { peaks: Uint8Array };
      peaks[at] = (peaks[at] as number) ^ 1;
      await expectProblem(store, ["root-mismatch"]);
    }
  }
  for (let at = 0; at < (original.note as string).length; at++) {
    const store = copy();
    const changed = Buffer.from(original.note as string);
    changed[at] = (changed[at] as number) ^ 1;
    store.note = changed.toString("latin1");
    await expectProblem(store, ["note-wrong"]);
  }
});

test("a wrong signature is found before what is wrong after it", async () => {
  for (const [number, head] of original.headRows.entries()) {
    const store = copy();
    const signature = /sig=(.)/.exec(head.line)?.[1];
    store.headRows[number] = { ...head, line: head.line.replace(/sig=./, `sig=${signature === "A" ? "B" : "A"}`) };
    const covered = number === 0 ? 0 : Number(/ size=(\d+)/.exec(original.headRows[number - 1]?.line ?? "")?.[1]);
    await expectProblem(store, ["head-wrong"], covered);
    store.rows.pop();
    await expectProblem(store, ["head-wrong"], covered);
  }
});

/** Gives rows the places they now stand at, as someone would who hides a gap. */
function renumber(store: MemoryStore): void {
  store.rows = store.rows.map((row, index) => ({ ...row, index }));
}

test("removed, reordered, repeated and inserted entries are found", async () => {
  for (let i = 0; i < ENTRIES; i++) {
    const gap = copy();
    gap.rows.splice(i, 1);
    await expectProblem(gap, i === ENTRIES - 1 ? ["entries-truncated"] : ["entry-removed"], i);
    if (i === ENTRIES - 1) continue;

    const closed = copy();
    closed.rows.splice(i, 1);
    renumber(closed);
    await expectProblem(closed, ["entry-misplaced"], i);

    const swapped = copy();
    swapped.rows.splice(i, 2, swapped.rows[i + 1] as StoredEntry, swapped.rows[i] as StoredEntry);
    renumber(swapped);
    await expectProblem(swapped, ["entry-misplaced"], i);

    const repeated = copy();
    repeated.rows.splice(i, 0, repeated.rows[i] as StoredEntry);
    renumber(repeated);
    await expectProblem(repeated, ["entry-misplaced"], i + 1);

    const before = copy();
    before.rows.unshift({ ...(before.rows[i] as StoredEntry), index: -1 });
    await expectProblem(before, ["entry-misplaced"], -1);
  }
});

test("a cut tail is found through the heads, the note, or an anchor", async () => {
  for (let keep = 0; keep < ENTRIES; keep++) {
    const entriesOnly = copy();
    entriesOnly.rows.length = keep;
    await expectProblem(entriesOnly, ["entries-truncated"], keep);
  }
  const anchor = original.headRows.at(-1)?.line as string;
  for (let heads = 0; heads < original.headRows.length; heads++) {
    const store = copy();
    store.headRows.length = heads;
    store.rows.length = heads === 0 ? 0 : Number(/ size=(\d+)/.exec(store.headRows.at(-1)?.line ?? "")?.[1]);
    await expectProblem(store, ["entries-truncated"], store.rows.length);
    // Whoever cuts the note as well is found by the anchor only.
    store.note = store.headRows.at(-1)?.line;
    assert.ok((await verify(store, { publicKey: key.publicKey })).ok);
    await expectProblem(store, ["ledger-rolled-back"], store.rows.length, anchor);
  }
});

test("removed heads are found", async () => {
  for (let number = 0; number < original.headRows.length; number++) {
    const store = copy();
    store.headRows.splice(number, 1);
    await expectProblem(store, ["head-wrong", "entries-unsigned", "entries-truncated"]);
  }
});

/** Replaces an entry and recomputes all hashes after it, as someone can who has the files but not the key. */
function rewrite(store: MemoryStore, index: number): void {
  let previous: Uint8Array = genesisHash(store.ledgerId);
  store.rows = store.rows.map((row, i) => {
    const { index: _, hash: __, time, previousHash: ___, salt, ...draft } = parseEntry(row.bytes);
    const changed = i === index ? noteDraft("nothing happened", draft.runId) : draft;
    const placed = placeDraft(sealDraft(changed, time), i, previous, salt);
    previous = placed.hash;
    return { ...row, bytes: placed.bytes, hash: placed.hash };
  });
}

test("a history rewritten without the key is found from the changed group on", async () => {
  for (let i = 0; i < ENTRIES; i++) {
    const store = copy();
    rewrite(store, i);
    const result = await verify(store, { publicKey: key.publicKey });
    assert.ok(!result.ok && result.problem.code === "root-mismatch");
    assert.ok((result.problem.index as number) <= i && (result.problem.index as number) > i - 3);
  }
});

/** Signs all heads anew over what the rows are now. */
function resign(store: MemoryStore, { privateKey, publicKey } = key): void {
  const frontier = new Frontier();
  const sizes = store.headRows.map(({ line }) => Number(/ size=(\d+)/.exec(line)?.[1]));
  sizes.forEach((size, number) => {
    while (frontier.size < size) frontier.append((store.rows[frontier.size] as StoredEntry).hash);
    const lastHash = hex((store.rows[size - 1] as StoredEntry).hash);
    const time = "2026-01-01T00:00:00.000Z";
    const head = {
      ledgerId: store.ledgerId,
      number,
      size,
      time,
      rootHash: hex(frontier.root()),
      lastHash,
      keyId: keyIdOf(publicKey),
    };
    store.headRows[number] = { number, line: signHead(head, privateKey).line, peaks: frontier.encode() };
  });
}

test("a history rewritten and signed with another key is found; with the stolen key, only by an anchor", async () => {
  const forged = copy();
  rewrite(forged, 4);
  resign(forged, generateSigningKey());
  await expectProblem(forged, ["head-wrong"], 0);

  const stolen = copy();
  rewrite(stolen, 4);
  resign(stolen);
  stolen.note = stolen.headRows.at(-1)?.line;
  assert.ok((await verify(stolen, { publicKey: key.publicKey })).ok);
  await expectProblem(stolen, ["anchor-wrong"], undefined, original.headRows[3]?.line);
});

test("an entry that is not canonical JSON, or of no known kind, is found though it is hashed and signed", async () => {
  const at = 5;
  for (const spoil of [
    (json: string) => json.replace(",", ", "),
    (json: string) => json.replace('"kind":"note"', '"kind":"nota"'),
    (json: string) => json.replace('"text":', '"text":"a","text":'),
    (json: string) => json.replace("}", ',"more":1}'),
    (json: string) => `\ufeff${json}`,
    () => "[]",
    () => "",
    () => canonicalise({ index: at }),
  ]) {
    const store = copy();
    const row = store.rows[at] as StoredEntry;
    const bytes = text(spoil(Buffer.from(row.bytes).toString()));
    store.rows[at] = { ...row, bytes, hash: leafHash(bytes) };
    await expectProblem(store, ["entry-changed"], at);
  }
});

test("another ledger's entries, heads and anchors do not fit, signed with the same key or not", async () => {
  const other = new MemoryStore();
  Object.assign(other, { ledgerId: "f".repeat(32) });
  const ledger = new Ledger(other, key);
  for (let i = 0; i < 12; i++) await ledger.append(noteDraft(`other ${i}`));
  await expectProblem(copy(), ["anchor-wrong"], undefined, ledger.head()?.line);
  const store = copy();
  store.rows = other.rows;
  store.headRows = other.headRows;
  await expectProblem(store, ["chain-broken"], 0);
  await expectProblem(copy(), ["anchor-wrong"], undefined, "not an anchor");
});

test("a missing or changed blob is found", async () => {
  const store = new MemoryStore();
  const ledger = new Ledger(store, key);
  const content = await ledger.keep(Buffer.alloc(20_000, 1));
  await ledger.append(noteDraft("before"));
  await ledger.append({ kind: "note", body: { text: "with a blob", contents: [content] } });
  assert.ok((await ledger.verify()).ok);
  const blob = store.blobs.contents.get(content.sha256) as Uint8Array;
  blob[7777] = 2;
  await expectProblem(store, ["blob-damaged"], 1);
  store.blobs.contents.clear();
  await expectProblem(store, ["blob-missing"], 1);
  assert.ok((await ledger.verify({ blobs: false })).ok);
});
