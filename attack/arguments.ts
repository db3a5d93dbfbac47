import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

export interface SuiteArguments {
  readonly classes: readonly string[];
  readonly only: readonly string[];
  readonly list: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly quick: boolean;
  readonly hardware: boolean;
  readonly jobs: number;
  /** Attacks copies of the product with a wall taken out. */
  readonly weakened: boolean;
  /** Plays recorded runs of agents instead. */
  readonly agents: boolean;
  readonly runs: string | undefined;
}

export const HELP = `npm run attack [-- OPTIONS]

Attacks the product and looks at what came of it: the host's canaries, the cell, and the next run.

  --class X      only this class, by letter or name; more than once, or X,Y
  --only NAME    only this attack (class/file, or the end of it); more than once
  --quick        only those that are part of npm test
  --hardware     only those that make sense under emulated AMD-V
  --list         names the attacks, their promises and what must happen
  --jobs N       classes that are attacked at once; default 2, or 1 on one processor
  --weakened     instead: attacks copies of the product with one wall taken out each; at least one must notice
  --agents       instead: plays recorded runs of real models through the loop, under several defences
  --runs FILE    the runs (.jsonl or .jsonl.gz); agents/convert.ts makes them of AgentDojo's published files
  --json         one JSON document instead of text
  --help

Exit status: 0 no attack had an effect; 1 at least one had; 2 wrong command line.
`;

const OPTIONS = {
  class: { type: "string", multiple: true, short: "c" },
  only: { type: "string", multiple: true },
  list: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false, short: "h" },
  quick: { type: "boolean", default: false },
  hardware: { type: "boolean", default: false },
  jobs: { type: "string" },
  weakened: { type: "boolean", default: false },
  agents: { type: "boolean", default: false },
  runs: { type: "string" },
} as const;

/** Throws for what is no command line of this. */
export function parseSuiteArguments(args: readonly string[]): SuiteArguments {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  // `--class e f i`: what follows the first class names further ones.
  if (positionals.length > 0 && values.class === undefined && !values.weakened)
    throw new Error(`Unexpected argument ${positionals[0]}`);
  const jobs = values.jobs === undefined ? Math.min(2, availableParallelism()) : Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error("--jobs takes a whole number from 1 on");
  return {
    classes: [...(values.class ?? []), ...positionals].flatMap((name) => name.split(",")),
    only: values.only ?? [],
    list: values.list,
    json: values.json,
    help: values.help,
    quick: values.quick,
    hardware: values.hardware,
    jobs,
    weakened: values.weakened,
    agents: values.agents || values.runs !== undefined,
    runs: values.runs,
  };
}
