import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Outcome } from "../attack.ts";
import { findAttacks, isOfClass } from "../discover.ts";
import { WeakenedCopy } from "./copy.ts";
import type { Weakening } from "./weakening.ts";
import { WEAKENINGS } from "./weakenings.ts";

/** Whether the attacks notice that a wall is gone: `npm run attack -- --weakened [--class X]`. */

const BROKEN = /cannot be carried out|"code":"(template-failed|cell-start-failed)"/;

export interface Noticed {
  readonly className: string;
  readonly takesOut: string;
  readonly attacks: number;
  /** Those that had an effect. */
  readonly effects: readonly string[];
  /** What kept the copy from being attacked. */
  readonly problem?: string;
}

/** Gives the exit status: 1 when a wall could be taken out, or moved, without an attack of its class noticing. */
export async function runWeakened({ classes, json }: { classes: readonly string[]; json: boolean }): Promise<number> {
  const wanted = ({ className }: { className: string }): boolean =>
    classes.length === 0 || classes.some((name) => isOfClass({ className, name: className }, name));
  const present = new Set(findAttacks().map(({ className }) => className));
  const results: Noticed[] = [];
  for (const weakening of WEAKENINGS.filter((one) => wanted(one) && present.has(one.className))) {
    const result = await attackWeakened(weakening);
    results.push(result);
    if (!json) console.log(line(result));
  }
  const tried = new Set(results.map(({ className }) => className));
  const untried = [
    ...new Set(
      findAttacks()
        .filter(wanted)
        .map(({ className }) => className),
    ),
  ].filter((className) => !tried.has(className));
  if (json) console.log(JSON.stringify({ weakened: results, untried }, undefined, 2));
  else for (const className of untried) console.log(`NOT TRIED  ${className}: no wall of it is taken out`);
  return results.every(({ effects }) => effects.length > 0) && untried.length === 0 ? 0 : 1;
}

function line({ className, takesOut, attacks, effects, problem }: Noticed): string {
  if (problem !== undefined) return `PROBLEM    ${className}: ${problem}`;
  const word = effects.length > 0 ? "noticed" : "UNNOTICED";
  return `${word.padEnd(11)}${className}: without ${takesOut}, ${effects.length} of ${attacks} attacks had an effect`;
}

async function attackWeakened({ className, takesOut, edits, attacks }: Weakening): Promise<Noticed> {
  const common = { className, takesOut, attacks: attacks.length };
  try {
    using copy = new WeakenedCopy(edits);
    const outcomes = await attackCopy(copy.directory, className, attacks);
    if (outcomes.length !== attacks.length) throw new Error(`only ${outcomes.length} of its attacks were found`);
    // An effect is what an attack saw of a working copy, not that the copy cannot even begin to run.
    const broken = outcomes.find(({ message = "" }) => BROKEN.test(message));
    if (broken !== undefined) throw new Error(`the copy does not work at all: ${broken.message}`);
    return { ...common, effects: outcomes.filter(({ status }) => status === "effect").map(({ name }) => name) };
  } catch (error) {
    return { ...common, effects: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

async function attackCopy(directory: string, className: string, attacks: readonly string[]): Promise<Outcome[]> {
  const args = ["--json", "--class", className, ...attacks.flatMap((name) => ["--only", `${className}/${name}`])];
  const child = spawn(process.execPath, [join(directory, "attack/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // Templates that a weakened product made are never taken for those of a whole one.
    env: { ...process.env, ZTL_ATTACK_CACHE: join(directory, "cache") },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child, "close");
  return (JSON.parse(output) as { attacks: Outcome[] }).attacks;
}
