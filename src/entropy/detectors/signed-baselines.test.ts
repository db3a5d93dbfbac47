import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { gaussian } from "./random.ts";
import { RobustBaseline } from "./robust-baseline.ts";
import { readBaselines, signBaselines } from "./signed-baselines.ts";

const keys = generateKeyPairSync("ed25519");
const next = gaussian(11);
const whose = { agent: "clerk", job: "pay-bill" };
const make = () => ({
  ...whose,
  series: { surprisal: RobustBaseline.of(Array.from({ length: 200 }, () => 5 + 2 * next())) },
});

test("baselines that were signed are read as they were, and go on learning within the same bounds", () => {
  const baselines = make();
  const before = baselines.series.surprisal.stored;
  let text = signBaselines(baselines, keys.privateKey);
  // A restart after each run, and 10,000 slightly odd values: the anchor is kept with them, so that the bound is no new one each time.
  for (let run = 0; run < 100; run++) {
    const { series } = readBaselines(text, keys.publicKey, whose);
    const surprisal = series.surprisal as RobustBaseline;
    const values = Array.from({ length: 100 }, () => before.centre + before.deviation * (0.9 + 0.3 * next()));
    surprisal.learn({ values, quarantined: false });
    text = signBaselines({ ...whose, series: { surprisal } }, keys.privateKey);
  }
  const after = readBaselines(text, keys.publicKey, whose).series.surprisal?.stored;
  assert.ok(after !== undefined && after.centre - before.centre > 0.4 * before.deviation, "it does follow");
  assert.ok(after.centre - before.centre <= 0.5 * before.deviation * (1 + 1e-9), "and no further than its bound");
  assert.equal(after.anchorCentre, before.anchorCentre);
});

test("whatever is changed, they are not used", () => {
  const text = signBaselines(make(), keys.privateKey);
  const value = JSON.parse(text) as { series: { surprisal: Record<string, number> }; signature: string };
  const changed = (change: (copy: typeof value & Record<string, unknown>) => void): string => {
    const copy = structuredClone(value);
    change(copy as typeof value & Record<string, unknown>);
    return JSON.stringify(copy);
  };
  const forged: string[] = [
    changed((copy) => (copy.series.surprisal.centre = 100)),
    changed((copy) => (copy.agent = "other")),
    changed((copy) => (copy.more = 1)),
    changed((copy) => (copy.signature = `${copy.signature}A`)),
    changed((copy) => (copy.signature = "")),
    changed((copy) => (copy.series = {} as typeof copy.series)),
    signBaselines(make(), generateKeyPairSync("ed25519").privateKey),
  ];
  for (const one of forged)
    assert.throws(() => readBaselines(one, keys.publicKey, whose), { code: "baselines-forged" }, one.slice(0, 200));
  for (const other of [
    { agent: "other", job: "pay-bill" },
    { agent: "clerk", job: "other" },
  ])
    assert.throws(() => readBaselines(text, keys.publicKey, other), { code: "baselines-forged" });
  for (const one of [
    "",
    "{",
    "[]",
    "7",
    changed((copy) => (copy.format = "v2")),
    changed((copy) => void Reflect.deleteProperty(copy, "signature")),
  ])
    assert.throws(() => readBaselines(one, keys.publicKey, whose), { code: "baselines-malformed" }, one.slice(0, 80));
});
