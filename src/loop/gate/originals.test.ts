import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Originals } from "./originals.ts";

const TEXT = Buffer.from("a text");

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "ztl-originals-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Keeps one text for each run, one second after the other. */
function keepAll(originals: Originals, directory: string, runIds: readonly string[], text = TEXT): boolean[] {
  return runIds.map((runId, second) => {
    const kept = originals.keep(runId, "result", text);
    if (kept) utimesSync(join(directory, `${runId}.result`), second, second);
    return kept;
  });
}

test("as many as there is room for are kept, the newest", (t) => {
  const directory = directoryOf(t);
  const originals = new Originals(directory, { count: 2, bytes: 1000 });
  const runIds = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  assert.deepEqual(keepAll(originals, directory, runIds), [true, true, true, true]);
  const kept = runIds.map((runId) => originals.of(runId, "result") !== undefined);
  assert.deepEqual(kept, [false, false, true, true]);
  assert.equal(readdirSync(directory).length, 2);
});

test("their bytes are bounded too, and one beyond all of them forgets none", (t) => {
  const directory = directoryOf(t);
  const originals = new Originals(directory, { count: 100, bytes: 2 * TEXT.length });
  const runIds = [randomUUID(), randomUUID(), randomUUID()];
  keepAll(originals, directory, runIds);
  const kept = (): boolean[] => runIds.map((runId) => originals.of(runId, "result") !== undefined);
  assert.deepEqual(kept(), [false, true, true]);
  assert.equal(originals.keep(randomUUID(), "stdout", Buffer.alloc(2 * TEXT.length + 1)), false);
  assert.deepEqual(kept(), [false, true, true]);
});

test("one that cannot be written is said to be not kept", (t) => {
  const directory = directoryOf(t);
  const originals = new Originals(directory);
  const runId = randomUUID();
  mkdirSync(join(directory, `${runId}.stdout`));
  assert.equal(originals.keep(runId, "stdout", TEXT), false);
  assert.equal(originals.keep("../../elsewhere", "stdout", TEXT), false);
  assert.equal(originals.of("../../elsewhere", "stdout"), undefined);
  rmSync(directory, { recursive: true });
  assert.equal(originals.keep(runId, "stderr", TEXT), false);
  assert.ok(!existsSync(directory));
  mkdirSync(directory);
});
