import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { Ledger } from "./ledger.ts";
import { noteDraft, temporaryDirectory } from "./testing.ts";

/** Instants at which writers are killed; ZTL_KILLS=200 for a thorough run. */
const KILLS = Number(process.env.ZTL_KILLS ?? 12);

const ledgerModule = new URL("./ledger.ts", import.meta.url).href;
/** Appends without end in bursts, with blobs, and says which entries it was told are durable. */
const WRITER = `
import { writeSync } from "node:fs";
const { Ledger } = await import(${JSON.stringify(ledgerModule)});
const ledger = await Ledger.open({ directory: process.argv[1] });
await ledger.append({ kind: "note", runId: "w" + process.pid, body: { text: "the thread that writes is there" } });
writeSync(1, "ready\\n");
for (let i = 0; ; i++) {
  const content = i % 3 === 0 ? [await ledger.keep(Buffer.from(String(i).padEnd(9000 + i)))] : [];
  await Promise.all(Array.from({ length: 1 + (i % 7) }, async (_, k) => {
    const body = { text: "burst " + i + "." + k, contents: k === 0 ? content : [] };
    const entry = await ledger.append({ kind: "note", runId: "w" + process.pid, body });
    writeSync(1, entry.index + " " + entry.hash + "\\n");
  }));
}`;

interface Writer {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
  readonly acknowledged: Map<number, string>;
}

function startWriter(directory: string): Writer {
  const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged = new Map<number, string>();
  let rest = "";
  const ready = new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the writer ended by itself with ${code}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      resolve(undefined);
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) {
        const [, index, hash] = /^(\d+) ([0-9a-f]{64})$/.exec(line) ?? [];
        if (index !== undefined) acknowledged.set(Number(index), hash as string);
      }
    });
  });
  return { child, ready, acknowledged };
}

async function killAfter(writers: readonly Writer[], delayMs: number): Promise<void> {
  await Promise.all(writers.map(({ ready }) => ready));
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  for (const { child } of writers) {
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  }
}

async function expectWhole(directory: string, writers: readonly Writer[]): Promise<number> {
  await using ledger = await Ledger.open({ directory });
  const result = await ledger.verify();
  assert.ok(result.ok, JSON.stringify(result));
  for (const { acknowledged } of writers) {
    for (const [index, hash] of acknowledged)
      assert.equal(ledger.entry(index)?.hash, hash, `entry ${index} was promised`);
  }
  await ledger.append(noteDraft("after the crash"));
  assert.ok((await ledger.verify()).ok);
  return result.entries;
}

test(`a writer killed at ${KILLS} random instants leaves a whole ledger with all that it promised`, async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  let entries = 0;
  for (let i = 0; i < KILLS; i++) {
    const writer = startWriter(directory);
    await killAfter([writer], Math.random() * 60);
    const now = await expectWhole(directory, [writer]);
    assert.ok(now >= entries, "nothing that was there is gone");
    entries = now;
  }
  assert.ok(entries > KILLS, "the writers wrote");
});

test("two writers at once, killed: the ledger is whole and both have written", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  const writers = [startWriter(directory), startWriter(directory)];
  await killAfter(writers, 250);
  await expectWhole(directory, writers);
  for (const { acknowledged } of writers) assert.ok(acknowledged.size > 0);
});
