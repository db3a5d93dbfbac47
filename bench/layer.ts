import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ByteString, below, toByteString } from "../src/base/byte-string.ts";
import { type Layer, type LayerEntry, LayerWriter } from "../src/base/layer/index.ts";
import { Sandbox } from "../src/sandbox/index.ts";
import { describeMachine } from "./machine.ts";
import { summarise } from "./statistics.ts";

/**
 * `npm run bench:layer`: what a call costs over what earlier ones changed: nothing, 50 MB in one file, and 50,000 files. The calls
 * take turns, so that whatever else the machine does befalls all; each lists the project, reads a file of it and writes one.
 */

const { values } = parseArgs({ options: { json: { type: "boolean" }, calls: { type: "string", default: "300" } } });
const CALLS = Number(values.calls);
const WARMUP = 30;
const BIG_BYTES = 50 * 1024 * 1024;
const FILES = 50_000;
const FILES_PER_DIRECTORY = 500;
const CODE = "import os; os.listdir('.'); open('a.txt').read(); open('made', 'w').write('x')";

const directory = mkdtempSync(join(tmpdir(), "ztl-bench-layer-"));
const project = join(directory, "project");
mkdirSync(project);
writeFileSync(join(project, "a.txt"), "host\n");
const real = toByteString(realpathSync(project));
const attributes = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtimeNs: 0n };

async function layerOf(name: string, entriesOf: (writer: LayerWriter) => Promise<LayerEntry[]>): Promise<Layer> {
  const begun = performance.now();
  const writer = await LayerWriter.create(join(directory, name));
  const layer = await writer.finish(await entriesOf(writer));
  writtenMs[name] = performance.now() - begun;
  return layer;
}

const writtenMs: Record<string, number> = {};
const at = (name: string): ByteString => below(real, name as ByteString);
const big = await layerOf("50 MB", async (writer) => [
  {
    path: at("big"),
    node: { type: "file", ...attributes, content: await writer.addContent(Buffer.alloc(BIG_BYTES, "x")) },
  },
]);
const many = await layerOf("50,000 files", async (writer) => {
  const content = await writer.addContent(Buffer.from("one of many\n"));
  return Array.from({ length: FILES }, (_, index) => ({
    path: at(`d${Math.floor(index / FILES_PER_DIRECTORY)}/f${index}`),
    node: { type: "file", ...attributes, content },
  }));
});

const sandbox = await Sandbox.open({
  mounts: [{ kind: "overlay", host: project, guest: "/project" }],
  cells: 1,
  prewarm: ["python"],
});
const cases: readonly (readonly [string, Layer | undefined])[] = [
  ["nothing", undefined],
  ["50 MB", big],
  ["50,000 files", many],
];
const times = new Map(cases.map(([name]) => [name, [] as number[]]));

try {
  for (let call = 0; call < WARMUP + CALLS; call++) {
    for (const [name, layer] of cases) {
      const begun = performance.now();
      const run = await sandbox.run({ tool: "python", code: CODE, cwd: "/project" }, { layer });
      if (run.status !== "ok" || run.changes.length !== 1) throw new Error(`The run failed: ${run.stderrText}`);
      if (call >= WARMUP) times.get(name)?.push(performance.now() - begun);
    }
  }
} finally {
  await sandbox.close();
  rmSync(directory, { recursive: true, force: true });
}

const results = cases.map(([name]) => ({ name, ...summarise(times.get(name) ?? []), writtenMs: writtenMs[name] }));
if (values.json) console.log(JSON.stringify({ machine: describeMachine(), results }));
else {
  console.log(describeMachine());
  const base = results[0]?.p50 ?? Number.NaN;
  for (const { name, p50, p90, writtenMs: written } of results)
    console.log(
      `${name.padEnd(14)} p50 ${p50.toFixed(3)} ms, p90 ${p90.toFixed(3)} ms, ${(p50 / base).toFixed(2)} times nothing` +
        (written === undefined ? "" : `; writing the layer took ${written.toFixed(0)} ms`),
    );
}
