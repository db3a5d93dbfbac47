import { runAgents } from "./agents/main.ts";
import { HELP, parseSuiteArguments, type SuiteArguments } from "./arguments.ts";
import type { Outcome } from "./attack.ts";
import { findAttacks, isOfClass, type LoadedAttack, loadAttack } from "./discover.ts";
import { outcomeLine, remarks, summarise, table } from "./report.ts";
import { runSuite } from "./suite.ts";
import { runWeakened } from "./weakened/main.ts";

/** `npm run attack` */

const EXIT_EFFECT = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  let wanted: SuiteArguments;
  try {
    wanted = parseSuiteArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return EXIT_USAGE;
  }
  if (wanted.help) {
    console.log(HELP);
    return 0;
  }
  if (wanted.agents) return runAgents(wanted);
  if (wanted.weakened) return runWeakened(wanted);
  const attacks = await choose(wanted);
  if (attacks.length === 0) {
    console.error("No attack is called so; --list names them.");
    return EXIT_USAGE;
  }
  if (wanted.list) return list(attacks, wanted);
  const outcomes = await runSuite(attacks, {
    jobs: wanted.jobs,
    // Progress goes beside a document, not into it.
    onOutcome: (outcome) => (wanted.json ? console.error : console.log)(outcomeLine(outcome)),
  });
  report(outcomes, wanted);
  return outcomes.some(({ status }) => status === "effect") ? EXIT_EFFECT : 0;
}

async function choose({ classes, only, quick, hardware }: SuiteArguments): Promise<LoadedAttack[]> {
  const found = findAttacks()
    .filter((attack) => classes.length === 0 || classes.some((name) => isOfClass(attack, name)))
    .filter(({ name }) => only.length === 0 || only.some((wanted) => name === wanted || name.endsWith(`/${wanted}`)));
  const loaded = await Promise.all(found.map(loadAttack));
  return loaded
    .filter(({ attack }) => !quick || attack.quick === true)
    .filter(({ attack }) => !hardware || attack.hardware === true);
}

function list(attacks: readonly LoadedAttack[], { json }: SuiteArguments): number {
  if (json) {
    const plain = attacks.map(({ name, attack: { promise, must, known } }) => ({ name, promise, must, known }));
    console.log(JSON.stringify(plain, undefined, 2));
    return 0;
  }
  for (const { name, attack } of attacks) {
    console.log(`${name} (promise ${attack.promise})\n    ${attack.must}`);
    if (attack.known !== undefined) console.log(`    known to succeed: ${attack.known}`);
  }
  console.log(`${attacks.length} attacks`);
  return 0;
}

function report(outcomes: readonly Outcome[], { json }: SuiteArguments): void {
  if (json) {
    console.log(JSON.stringify({ attacks: outcomes, classes: summarise(outcomes) }, undefined, 2));
    return;
  }
  console.log(`\n${table(outcomes)}\n`);
  for (const line of remarks(outcomes)) console.log(line);
}

process.exitCode = await main();
