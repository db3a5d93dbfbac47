import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Outcome } from "../../attack/attack.ts";
import { findAttacks, loadAttack } from "../../attack/discover.ts";

/** The attacks that depend on the processor, on hardware virtualisation: `npm run attack -- --hardware`, a class at a time. */

const suite = fileURLToPath(new URL("../../attack/main.ts", import.meta.url));
const attacks = (await Promise.all(findAttacks().map(loadAttack))).filter(({ attack }) => attack.hardware === true);

async function attackClass(className: string): Promise<readonly Outcome[]> {
  const args = [suite, "--hardware", "--jobs", "1", "--json", "--class", className];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const text of createInterface({ input: child.stdout })) output += `${text}\n`;
  if (child.exitCode === null) await once(child, "exit");
  return (JSON.parse(output) as { attacks: Outcome[] }).attacks;
}

for (const className of new Set(attacks.map((attack) => attack.className)))
  describe(className, () => {
    // Not before its turn: groups are all read first, and the emulated machine has one processor.
    let attacked: Promise<readonly Outcome[]> | undefined;
    const outcomes = (): Promise<readonly Outcome[]> => {
      attacked ??= attackClass(className);
      return attacked;
    };
    for (const { name } of attacks.filter((attack) => attack.className === className))
      test(name, async () => {
        const outcome = (await outcomes()).find((one) => one.name === name);
        assert.equal(outcome?.status, "held", outcome?.message);
      });
  });
