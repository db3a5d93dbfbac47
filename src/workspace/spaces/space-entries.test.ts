import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "../../base/byte-string.ts";
import { differingPaths, type SpaceEntries, withChanges, withContents, without } from "./space-entries.ts";
import type { SpaceEntry } from "./space-entry.ts";

/** How many entries of a map are walked over, which is what grows with what is pending. */
class WalkedMap extends Map<ByteString, SpaceEntry> {
  walked = 0;

  override *[Symbol.iterator](): MapIterator<[ByteString, SpaceEntry]> {
    for (const found of super.entries()) {
      this.walked++;
      yield found;
    }
    return undefined;
  }

  override keys(): MapIterator<ByteString> {
    this.walked += this.size;
    return super.keys();
  }

  override values(): MapIterator<SpaceEntry> {
    this.walked += this.size;
    return super.values();
  }
}

function pathAt(number: number): ByteString {
  return `/project/f${number}` as ByteString;
}

function fileWith(content: string, sizeBytes = 1): SpaceEntry {
  const after = { type: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes, sha256: content } as const;
  return { before: { type: "absent" }, after, by: { runId: "run", tool: "shell" }, labels: [] };
}

function listOf(entries: SpaceEntries): (readonly [ByteString, SpaceEntry])[] {
  return [...entries].map(([path, entry]) => [path, entry] as const).sort(([a], [b]) => (a < b ? -1 : 1));
}

test("Nine hundred small changes do not walk over what was there before", async () => {
  const base = new WalkedMap();
  for (let number = 0; number < 2000; number++) base.set(pathAt(number), fileWith(`content ${number}`));
  let entries: SpaceEntries = base;
  await withContents(entries, new Set(["anything"]));
  base.walked = 0;
  for (let call = 0; call < 900; call++) {
    const path = pathAt(call % 2 === 0 ? call : call + 5000);
    const next = await withChanges(entries, new Map([[path, call % 3 === 0 ? undefined : fileWith(`new ${call}`)]]));
    assert.ok((await differingPaths(entries, next)).length <= 1);
    await withContents(next, new Set([`content ${call}`]));
    entries = next;
  }
  assert.equal(base.walked, 0);
});

test("A version that shares its entries is what a copy would be", async () => {
  // Few paths, so that each is set, removed and set again; steps of many changes, so that all are copied at times, too.
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const model = new Map<ByteString, SpaceEntry>();
  let entries: SpaceEntries = new Map();
  for (let step = 0; step < 400; step++) {
    const changes = new Map<ByteString, SpaceEntry | undefined>();
    const count = step % 40 === 39 ? 1500 : 1 + random(60);
    for (let change = 0; change < count; change++)
      changes.set(pathAt(random(1500)), random(3) === 0 ? undefined : fileWith(`content ${random(50)}`, random(3)));
    const before = new Map(model);
    for (const [path, entry] of changes) {
      if (entry === undefined) model.delete(path);
      else model.set(path, entry);
    }
    const next = await withChanges(entries, changes);
    assert.deepEqual(listOf(next), listOf(model));
    assert.equal(next.size, model.size);
    assert.deepEqual([...next.keys()].sort(), [...model.keys()].sort());
    assert.equal([...next.values()].length, model.size);
    assert.deepEqual(listOf(entries), listOf(before), "an earlier version never changes");
    for (let probe = 0; probe < 20; probe++) {
      const path = pathAt(random(1600));
      assert.equal(next.get(path), model.get(path));
      assert.equal(next.has(path), model.has(path));
    }
    const differing = [...new Set([...before.keys(), ...model.keys()])].filter((p) => before.get(p) !== model.get(p));
    assert.deepEqual((await differingPaths(entries, next)).sort(), differing.sort());
    assert.deepEqual((await differingPaths(next, entries)).sort(), differing.sort());
    const wanted = `content ${random(50)}`;
    const found = await withContents(next, new Set([wanted]));
    const expected = [...model.values()].filter(
      ({ after }) => after.type === "file" && after.sizeBytes > 0 && after.sha256 === wanted,
    );
    assert.deepEqual(new Set(found.map(({ entry }) => entry)), new Set(expected));
    assert.equal(found.length, expected.length);
    entries = next;
  }
  const taken = new Set([...model.keys()].slice(0, 10));
  assert.equal((await without(entries, taken)).size, model.size - 10);
  assert.equal((await without(entries, new Set())).size, model.size);
});
