import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Defence, NO_DEFENCE } from "./defence.ts";
import { Effects } from "./effects.ts";
import { type Configuration, LoopDefence, OURS, ROLES, ROLES_WITH_PERSON, RULE_OF_TWO } from "./loop-defence.ts";
import { type Figures, measure } from "./measure.ts";
import { PHRASE_FILTER } from "./phrase-filter.ts";
import { type RecordedRun, readRuns } from "./recorded-run.ts";

/** Recorded runs of real models, played through the loop: `npm run attack -- --agents [--runs FILE]`. */

/** Where a file of runs is looked for when none is named: beside the checkout. The runs are not this project's to ship. */
const BESIDE = fileURLToPath(new URL("../../../shared/data/agent-runs/runs.jsonl.gz", import.meta.url));
const CONFIGURATIONS: readonly Configuration[] = [ROLES, ROLES_WITH_PERSON, RULE_OF_TWO, OURS];

const COLUMNS: readonly (readonly [string, (figures: Figures) => string])[] = [
  ["defence", ({ defence }) => defence],
  ["attacks", ({ attacks }) => String(attacks)],
  ["obeyed", ({ obeyed }) => String(obeyed)],
  ["of them with outward effects", ({ obeyedWithOutward }) => String(obeyedWithOutward)],
  ["outward effects", ({ outwardEffects }) => String(outwardEffects)],
  ["memory effects", ({ memoryEffects }) => String(memoryEffects)],
  ["tasks done without a person", ({ benignDoneAlone, benignDone }) => `${benignDoneAlone} of ${benignDone}`],
  ["questions per task", ({ questionsPerTask }) => questionsPerTask.toFixed(2)],
];

/** Gives the exit status: 1 when an obeyed attack had an effect through the product. */
export async function runAgents({ runs: file, json }: { runs: string | undefined; json: boolean }): Promise<number> {
  const path = file ?? BESIDE;
  if (!existsSync(path)) {
    console.error(
      `SKIPPED, NOTHING IS VERIFIED: there are no recorded runs at ${path}. --runs FILE names some; ` +
        "attack/agents/convert.ts makes such a file from AgentDojo's published runs.",
    );
    return file === undefined ? 0 : 2;
  }
  const runs = await readRuns(path);
  const figures = await measureAll(runs, (name) => json || console.error(`${runs.length} runs: ${name}`));
  console.log(json ? JSON.stringify({ runs: runs.length, defences: figures }, undefined, 2) : table(figures));
  return figures.at(-1)?.obeyedWithOutward === 0 ? 0 : 1;
}

async function measureAll(runs: readonly RecordedRun[], onBegin: (name: string) => void): Promise<Figures[]> {
  const effects = new Effects(runs);
  const figures: Figures[] = [];
  const add = async (defence: Defence): Promise<void> => {
    onBegin(defence.name);
    figures.push(await measure(runs, defence, effects));
    await defence.close();
  };
  await add(NO_DEFENCE);
  await add(PHRASE_FILTER);
  for (const configuration of CONFIGURATIONS) await add(await LoopDefence.open(runs, configuration));
  return figures;
}

function table(figures: readonly Figures[]): string {
  const rows = [COLUMNS.map(([head]) => head), ...figures.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
    )
    .join("\n");
}
