import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Crew } from "../../attack/crew.ts";
import { findAttacks, isOfClass, loadAttack } from "../../attack/discover.ts";
import { CLASSES_VARIABLE } from "./protocol.ts";

/** The attacks that depend on the processor, on hardware virtualisation: as `npm run attack -- --hardware`, a test each. */

const classes = (process.env[CLASSES_VARIABLE] ?? "").split(",").filter((name) => name !== "");
const all = (await Promise.all(findAttacks().map(loadAttack))).filter(({ attack }) => attack.hardware === true);
/** In the order that was asked for: what comes last may not come to its turn. */
const attacks =
  classes.length === 0
    ? all
    : [...new Set(classes.flatMap((name) => all.filter((one) => one.name === name || isOfClass(one, name))))];

if (attacks.length === 0) throw new Error(`no class and no attack for this machine is called ${classes.join(" or ")}`);

for (const [className, ofClass] of Map.groupBy(attacks, (attack) => attack.className)) {
  describe(className, () => {
    const crew = new Crew();
    after(() => crew.dismiss());
    for (const attack of ofClass)
      test(attack.name, async () => {
        // One that was skipped is no success: the emulated machine has all that these need.
        const { status, message } = await crew.carryOut(attack);
        assert.equal(status, "held", message);
      });
  });
}
