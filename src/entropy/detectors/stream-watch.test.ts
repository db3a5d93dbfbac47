import assert from "node:assert/strict";
import { test } from "node:test";
import { gaussian } from "./random.ts";
import { RobustBaseline } from "./robust-baseline.ts";
import { StreamWatch } from "./stream-watch.ts";

const next = gaussian(7);
const NAMES = ["a", "b", "c"];
const baselines = () =>
  Object.fromEntries(
    NAMES.map((name) => [name, RobustBaseline.of(Array.from({ length: 20_000 }, () => 3 + 2 * next()))]),
  );
const values = (shift: Readonly<Record<string, number>> = {}) =>
  Object.fromEntries(NAMES.map((name) => [name, 3 + 2 * (next() + (shift[name] ?? 0))]));

test("several series together give false alarms as rarely as was asked for", (context) => {
  const usual = baselines();
  const watch = new StreamWatch(usual, { meanRunLength: 200 });
  const runs = 300;
  let steps = 0;
  for (let run = 0; run < runs; run++) {
    watch.reset();
    do steps++;
    while (!watch.push(values()).alarm);
  }
  context.diagnostic(`asked for 200, measured ${(steps / runs).toFixed(0)}`);
  assert.ok(Math.abs(steps / runs / 200 - 1) < 0.2, `${steps / runs}`);
});

test("evidence grows with a change, names its series, and is even at about the threshold", () => {
  const watch = new StreamWatch(baselines(), { meanRunLength: 1000 });
  const quiet = watch.push(values());
  assert.ok(quiet.bits < -5 && quiet.probability < 0.05 && !quiet.alarm);
  let evidence = quiet;
  for (let step = 0; step < 60; step++) evidence = watch.push(values({ b: 1.5 }));
  assert.ok(evidence.alarm && evidence.bits > 10 && evidence.probability > 0.99);
  assert.equal(evidence.reasons[0]?.name, "b");
  watch.reset();
  let before = 0;
  for (let step = 0; step < 60 && !evidence.alarm; step++) before = watch.push(values({ a: 1 })).bits;
  assert.ok(before < 10);
});

test("a series without a value now stays as it is", () => {
  const watch = new StreamWatch(baselines(), { meanRunLength: 100 });
  for (let step = 0; step < 30; step++) watch.push({ a: 12 });
  const { bits } = watch.push({});
  assert.equal(watch.push({ b: undefined }).bits, bits);
});
