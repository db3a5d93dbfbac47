import { mkdtempSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type EntryDraft, Ledger, semanticDifferential } from "../src/ledger/index.ts";
import { round, summarise } from "./statistics.ts";

/** `node bench/ledger.ts [--json] [--directory DIR]`: how fast the ledger records and verifies, on the disk of that directory. */

const { values } = parseArgs({ options: { json: { type: "boolean" }, directory: { type: "string" } } });
const VERIFIED_ENTRIES = 10_000;
const BLOB_ENTRIES = 2000;
/** Appends that are under way at once, as with so many agents. */
const WIDTHS = [1, 8, 64];
const ROUND_MS = 1500;

const directory = mkdtempSync(join(values.directory ?? tmpdir(), "ztl-bench-ledger-"));

/** A run with 4 KB of output, kept inside its entry. */
async function runDraft(ledger: Ledger, i: number): Promise<EntryDraft> {
  const stdout = await ledger.keep(Buffer.alloc(4096, 32 + (i % 90)));
  const stderr = await ledger.keep(new Uint8Array(0));
  return { kind: "run", runId: `run-${i}`, agent: "bench", body: { status: "ok", exitCode: 0, stdout, stderr } };
}

const smallDraft = (i: number): EntryDraft => ({
  kind: "policy-decision",
  runId: `run-${i}`,
  agent: "bench",
  body: { decision: "run", rule: "roles.worker.tools.python", reason: "The role may use this tool" },
});

async function appends(width: number) {
  await using ledger = await Ledger.open({ directory: join(directory, `width-${width}`) });
  const waits: number[] = [];
  let count = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (performance.now() - started < ROUND_MS) {
        const begun = performance.now();
        await ledger.append(smallDraft(count++));
        waits.push(performance.now() - begun);
      }
    }),
  );
  const perSecond = Math.round((count / (performance.now() - started)) * 1000);
  return { width, perSecond, waitMs: summarise(waits) };
}

/** The steps of one call, each durable before the next: what the loop waits for. */
async function wholeCall() {
  await using ledger = await Ledger.open({ directory: join(directory, "call") });
  const waits: number[] = [];
  for (let i = 0; i < 500; i++) {
    const begun = performance.now();
    const run = await runDraft(ledger, i);
    await Promise.all([smallDraft(i), smallDraft(i), run, smallDraft(i)].map((draft) => ledger.append(draft)));
    waits.push(performance.now() - begun);
  }
  return summarise(waits);
}

async function verification(groupSize: number) {
  await using ledger = await Ledger.open({ directory: join(directory, `verify-${groupSize}`) });
  for (let i = 0; i < VERIFIED_ENTRIES; i += groupSize) {
    await Promise.all(
      Array.from({ length: groupSize }, async (_, k) =>
        ledger.append(k % 4 === 0 ? await runDraft(ledger, i) : smallDraft(i)),
      ),
    );
  }
  const started = performance.now();
  const result = await ledger.verify();
  if (!result.ok) throw new Error(JSON.stringify(result));
  return { entries: result.entries, heads: result.heads, seconds: round((performance.now() - started) / 1000) };
}

/** Every entry with a blob of its own. */
async function verificationOfBlobs() {
  await using ledger = await Ledger.open({ directory: join(directory, "verify-blobs") });
  for (let i = 0; i < BLOB_ENTRIES; i++) {
    const contents = [await ledger.keep(Buffer.from(String(i).padEnd(16_384)))];
    await ledger.append({ kind: "note", body: { text: "with a blob", contents } });
  }
  const started = performance.now();
  const result = await ledger.verify();
  if (!result.ok) throw new Error(JSON.stringify(result));
  return { blobs: result.blobs, bytesEach: 16_384, seconds: round((performance.now() - started) / 1000) };
}

function differential() {
  const words = Array.from({ length: 160_000 }, (_, i) => `word${(i * 7919) % 50_021}`);
  const payload = [{ label: "payload", text: words.join(" ") }];
  const later = [{ kind: "output", label: "later", text: words.reverse().join(" ") }] as const;
  const started = performance.now();
  semanticDifferential({ payload, later });
  return { units: (payload[0]?.text.length ?? 0) * 2, seconds: round((performance.now() - started) / 1000) };
}

try {
  const widths = [];
  for (const width of WIDTHS) widths.push(await appends(width));
  const figures = {
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, kernel: release(), node: process.version },
    appends: widths,
    callOfFourEntriesMs: await wholeCall(),
    verify: [await verification(1), await verification(20)],
    verifyBlobs: await verificationOfBlobs(),
    differential: differential(),
  };
  if (values.json === true) console.log(JSON.stringify(figures, null, 2));
  else {
    const { cpu, cores, node } = figures.machine;
    console.log(`${cpu}, ${cores} cores, Node ${node}`);
    for (const { width, perSecond, waitMs } of figures.appends) {
      console.log(`${width} at once: ${perSecond} durable appends/s, wait p50 ${waitMs.p50} ms, p99 ${waitMs.p99} ms`);
    }
    const { p50, p99 } = figures.callOfFourEntriesMs;
    console.log(`A call's four entries with 4 KB of output: p50 ${p50} ms, p99 ${p99} ms`);
    for (const { entries, heads, seconds } of figures.verify)
      console.log(`Verify ${entries} entries, ${heads} heads: ${seconds} s`);
    console.log(`Verify ${BLOB_ENTRIES} entries with a 16 KB blob each: ${figures.verifyBlobs.seconds} s`);
    console.log(`Differential of ${figures.differential.units} units: ${figures.differential.seconds} s`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
