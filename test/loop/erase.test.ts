import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LoopConfig } from "../../src/loop/index.ts";
import { openTestLoop, talk } from "../../src/loop/testing.ts";

const ZTL = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));
const [ASKED, RETURNED, KEPT] = ["what-the-agent-asked-for", "the private words of a page", "words that stay"];

function holding(directory: string, text: string): string[] {
  const bytes = [text, Buffer.from(text).toString("base64").slice(0, -4)];
  return globSync("**/*", { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => bytes.some((one) => readFileSync(path).includes(one)));
}

test("an erased run is in no file of the state; the ledger verifies, and ztl show says by whom and why", async (t) => {
  let config: LoopConfig | undefined;
  const opened = await openTestLoop((given) => {
    config = given;
    return given;
  });
  t.after(() => opened[Symbol.asyncDispose]());
  const { loop, directory } = opened;
  writeFileSync(join(directory, "ztl.config.json"), JSON.stringify(config));
  const state = join(directory, "state");
  const ztl = (...args: string[]) => spawnSync(process.execPath, [ZTL, ...args], { cwd: directory, encoding: "utf8" });
  const fetched = async (id: string, asked: string, content: string) => {
    const conversation = talk(loop, "reader", id);
    const permit = await conversation.permit({ tool: "fetch", input: { asked } });
    assert.ok(permit.status === "permitted");
    await conversation.receive({ callId: permit.callId, content: content.repeat(500) });
    return permit.runId;
  };
  const runId = await fetched("one", ASKED, RETURNED);
  const other = await fetched("two", "something else", KEPT);
  await loop.records.runs();
  assert.notDeepEqual(holding(state, ASKED), []);
  assert.notDeepEqual(holding(state, RETURNED), []);
  const [erasure] = await loop.records.erase({ runId }, { reason: "its owner asked", by: "alice" });
  assert.ok((erasure?.body.indices.length ?? 0) >= 3);
  for (const text of [ASKED, RETURNED]) assert.deepEqual(holding(state, text), []);
  assert.notDeepEqual(holding(state, KEPT), []);
  assert.ok((await loop.records.verify()).ok);
  assert.equal(await loop.records.run(runId), undefined);
  assert.equal((await loop.records.run(other))?.row.runId, other);
  assert.deepEqual(await loop.records.erase({ runId }, { reason: "again", by: "alice" }), []);
  await loop.close();
  const shown = ztl("show", runId.slice(0, 8));
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /erased by alice at 2\S+: its owner asked/);
  const erased = ztl("ledger", "erase", "two", "--reason", "all of it");
  assert.equal(erased.status, 0, erased.stderr);
  assert.deepEqual(holding(state, KEPT), []);
  assert.match(ztl("ledger", "verify").stdout, /^Whole/);
  assert.equal(ztl("ledger", "erase", "nobody", "--reason", "why").status, 5);
  assert.equal(ztl("ledger", "erase", other).status, 125);
});

test("what is older than a time is erased at once, but for what a person is asked about", async (t) => {
  const day = 86_400_000;
  let now = Date.now() - 100 * day;
  let config: LoopConfig | undefined;
  const opened = await openTestLoop(
    (given) => {
      config = given;
      return given;
    },
    { now: () => now },
  );
  t.after(() => opened[Symbol.asyncDispose]());
  const { loop, directory } = opened;
  const state = join(directory, "state");
  const take = async (id: string, content: string): Promise<string> => {
    const permit = await talk(loop, "reader", id).permit({ tool: "fetch", input: { asked: `for ${id}` } });
    assert.ok(permit.status === "permitted");
    await talk(loop, "reader", id).receive({ callId: permit.callId, content: content.repeat(500) });
    return permit.runId;
  };
  const old = await take("old", RETURNED);
  now += 100 * day;
  const late = await take("late", KEPT);
  const told = { reason: "kept for 90 days", by: "a job" };
  const before = new Date(now - 90 * day).toISOString();
  const [erasure, second] = await loop.records.erase({ before }, told);
  assert.ok(erasure?.body.subject === "age" && erasure.body.name === before && second === undefined);
  assert.deepEqual(erasure.body.runIds, [old]);
  assert.deepEqual(holding(state, RETURNED), []);
  assert.notDeepEqual(holding(state, KEPT), []);
  assert.ok((await loop.records.verify()).ok);
  assert.equal((await loop.records.run(late))?.row.runId, late);
  assert.deepEqual(await loop.records.erase({ before }, told), []);
  // A question that waits is of the same age as the rest, and stays.
  const asked = await talk(loop, "writer", "late").call({ tool: "deploy", input: { code: `echo ${ASKED}` } });
  assert.equal(asked.status, "waiting");
  now += day / 2;
  const [rest] = await loop.records.erase({ before: new Date(now).toISOString() }, told);
  assert.ok(rest?.body.runIds?.includes(late) && !rest.body.runIds.includes(asked.runId));
  assert.notDeepEqual(holding(state, ASKED), []);
  await loop.close();
  writeFileSync(join(directory, "ztl.config.json"), JSON.stringify(config));
  const ztl = (...args: string[]) => spawnSync(process.execPath, [ZTL, ...args], { cwd: directory, encoding: "utf8" });
  assert.match(ztl("show", old.slice(0, 8)).stdout, /^All before 2\S+, this run with it, was erased by a job/);
  assert.equal(ztl("ledger", "erase", "--before", "90d", "--reason", "again").status, 0);
  assert.equal(ztl("ledger", "erase", "--before", "soon", "--reason", "x").status, 125);
  assert.equal(ztl("ledger", "erase", "late", "--before", "1d", "--reason", "x").status, 125);
});
