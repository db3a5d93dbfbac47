import { inspect } from "node:util";
import type { Attack, Outcome } from "./attack.ts";
import { Canaries, SECRET_VARIABLE } from "./canaries.ts";
import { findAttacks, loadAttack } from "./discover.ts";
import { missing } from "./needs.ts";
import { adoptDescendants } from "./processes.ts";
import { Stage } from "./stage.ts";

/** The process that carries out attacks: gets a name, answers with an outcome. Started by crew.ts; may die of an attack. */

/** Enough to know what happened; differences of large results would fill screens. */
const MESSAGE_MAX = 2000;

type Verdict = Pick<Outcome, "status" | "message">;

const directory = process.argv[2] as string;
const secret = process.env[SECRET_VARIABLE] as string;
adoptDescendants();
const canaries = await Canaries.place(directory, secret);
const attacks = new Map(findAttacks().map((found) => [found.name, found]));

async function carryOut(name: string): Promise<Verdict> {
  const found = attacks.get(name);
  if (found === undefined) return { status: "effect", message: `there is no attack ${name}` };
  const { attack } = await loadAttack(found);
  const reason = missing(attack.needs);
  if (reason !== undefined) return { status: "skipped", message: reason };
  const effects = await effectsOf(attack);
  if (attack.known !== undefined) {
    return effects.length > 0
      ? { status: "open", message: `${attack.known} (${effects[0]?.split("\n")[0]})` }
      : { status: "closed", message: `is marked as known to succeed: ${attack.known}` };
  }
  return effects.length === 0 ? { status: "held" } : { status: "effect", message: effects.join("\n") };
}

/** What went wrong in the attack itself, after it, and when all was closed. */
async function effectsOf(attack: Attack): Promise<string[]> {
  const stage = new Stage(canaries);
  const effects: string[] = [];
  const phases = {
    attack: () => attack.run(stage),
    "after the attack": () => stage.verify(),
    end: () => stage.close(),
  };
  for (const [phase, work] of Object.entries(phases)) {
    try {
      await work();
    } catch (error) {
      effects.push(`${phase}: ${error instanceof Error ? error.message : inspect(error)}`.slice(0, MESSAGE_MAX));
      if (process.env.ZTL_ATTACK_STACKS !== undefined) effects.push(inspect(error));
    }
  }
  return effects;
}

process.on("message", async (name: string) => {
  const startedMs = performance.now();
  const verdict = await carryOut(name).catch(
    (error: unknown): Verdict => ({ status: "effect", message: `cannot be carried out: ${inspect(error)}` }),
  );
  process.send?.({ name, ...verdict, durationMs: performance.now() - startedMs });
});
process.on("disconnect", () => {
  canaries.remove();
  process.exit();
});
process.send?.("ready");
