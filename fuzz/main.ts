import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { FUZZERS_DIRECTORY, fuzzerNames, loadFuzzer } from "./catalogue.ts";
import { FINDS_DIRECTORY } from "./find.ts";
import { fuzz } from "./session.ts";
import { shrink } from "./shrink.ts";

/**
 *     npm run fuzz -- --list
 *     npm run fuzz -- NAME… [--seconds N] [--seed N]     each for N seconds; all of them when none is named
 *     npm run fuzz -- NAME --replay FILE                 one input again, in this process
 *     npm run fuzz -- NAME --shrink FILE                 the fewest of its pieces that still fail, as FILE.small
 *
 * What is found is kept in fuzz/finds/. Exit status 1 when something was.
 */
const SECONDS_DEFAULT = 60;
/** The slowest inputs take some hundred milliseconds on a busy machine. */
const PATIENCE_MS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean" },
    seconds: { type: "string", default: String(SECONDS_DEFAULT) },
    seed: { type: "string" },
    replay: { type: "string" },
    shrink: { type: "string" },
    patience: { type: "string", default: String(PATIENCE_MS) },
    // For the runner's own tests.
    fuzzers: { type: "string", default: FUZZERS_DIRECTORY },
    finds: { type: "string", default: FINDS_DIRECTORY },
  },
});
const directory = resolve(values.fuzzers);
const names = positionals.length > 0 ? positionals : fuzzerNames(directory);

async function list(): Promise<void> {
  for (const name of fuzzerNames(directory))
    console.log(`${name.padEnd(16)} ${(await loadFuzzer(directory, name)).what}`);
}

async function replay(path: string): Promise<void> {
  const fuzzer = await loadFuzzer(directory, names[0] as string);
  const close = await fuzzer.open?.();
  await fuzzer.check(new Uint8Array(readFileSync(path)));
  await close?.();
  console.log(`${names[0]}: what must hold holds for ${path}`);
}

async function shrinkFind(path: string): Promise<void> {
  const fuzzer = await loadFuzzer(directory, names[0] as string);
  const close = await fuzzer.open?.();
  const shrunk = await shrink(fuzzer, new Uint8Array(readFileSync(path)));
  await close?.();
  if (shrunk === undefined) {
    console.log(`${names[0]}: what must hold holds for ${path}`);
    return;
  }
  writeFileSync(`${path}.small`, shrunk.input);
  console.log(`${shrunk.reason}\n\n${names[0]}: ${shrunk.pieces} pieces are enough: ${path}.small`);
}

async function search(): Promise<void> {
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  for (const fuzzer of names) {
    const { inputs, finds } = await fuzz({
      directory,
      fuzzer,
      seed,
      seconds: Number(values.seconds),
      findsDirectory: resolve(values.finds),
      patienceMs: Number(values.patience),
    });
    console.log(`${fuzzer}: ${inputs} inputs from seed ${seed}, ${finds.length} finds`);
    for (const path of finds) console.log(`  ${path}`);
    if (finds.length > 0) process.exitCode = 1;
  }
}

if (values.list) await list();
else if (values.replay !== undefined) await replay(values.replay);
else if (values.shrink !== undefined) await shrinkFind(values.shrink);
else await search();
