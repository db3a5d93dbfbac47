import assert from "node:assert/strict";
import { test } from "node:test";
import { Cusum } from "./charts.ts";
import { gaussian } from "./random.ts";
import { RobustBaseline } from "./robust-baseline.ts";

const next = gaussian(3);
const usual = (count: number): number[] => Array.from({ length: count }, () => 5 + 2 * next());

test("a tenth of absurd values moves centre and deviation by little", () => {
  const clean = RobustBaseline.of(usual(1000)).stored;
  assert.ok(Math.abs(clean.centre - 5) < 0.2 && Math.abs(clean.deviation - 2) < 0.2);
  const dirty = RobustBaseline.of([...usual(900), ...Array.from({ length: 100 }, () => 1e9)]).stored;
  assert.ok(Math.abs(dirty.centre - 5) < 0.5 && Math.abs(dirty.deviation - 2) < 0.5);
});

test("10,000 slightly odd steps do not move the baseline past its bound, and what is far out is still an alarm", () => {
  const baseline = RobustBaseline.of(usual(1000));
  const before = baseline.stored;
  for (let run = 0; run < 100; run++) {
    const values = Array.from({ length: 100 }, () => before.centre + before.deviation * (0.9 + 0.3 * next()));
    baseline.learn({ values, quarantined: false });
  }
  const after = baseline.stored;
  assert.ok(after.centre - before.centre > 0.4 * before.deviation, "it does follow");
  assert.ok(after.centre - before.centre <= 0.5 * before.deviation * (1 + 1e-9));
  assert.ok(after.deviation >= before.deviation / 1.5 - 1e-9 && after.deviation <= before.deviation * 1.5 + 1e-9);
  const detector = new Cusum({ meanRunLength: 1000 });
  let steps = 0;
  while (!detector.push(baseline.standardise(before.centre + 3 * before.deviation)) && steps < 100) steps += 1;
  assert.ok(steps < 5, `${steps}`);
});

test("it follows a slow change of the world back and forth", () => {
  const baseline = RobustBaseline.of(usual(1000));
  const { centre, deviation } = baseline.stored;
  baseline.learn({
    values: Array.from({ length: 1000 }, () => centre + deviation * (0.3 + next())),
    quarantined: false,
  });
  assert.ok(baseline.stored.centre > centre + 0.1 * deviation);
  for (let run = 0; run < 5; run++) baseline.learn({ values: usual(1000), quarantined: false });
  assert.ok(Math.abs(baseline.stored.centre - 5) < 0.2 * deviation);
});

test("quarantined runs never teach, and one run counts for a thousand values at most", () => {
  const baseline = RobustBaseline.of(usual(1000));
  const before = baseline.stored;
  for (let run = 0; run < 100; run++)
    baseline.learn({ values: usual(100).map((value) => value + 2), quarantined: true });
  assert.deepEqual(baseline.stored, before);
  const [one, other] = [RobustBaseline.from(before), RobustBaseline.from(before)];
  const values = usual(1000);
  one.learn({ values, quarantined: false });
  other.learn({ values: [...values, ...usual(5000)], quarantined: false });
  assert.deepEqual(one.stored, other.stored);
});

test("too few values, values that do not scatter, and a stored baseline beyond its bounds are refused", () => {
  assert.throws(() => RobustBaseline.of([1, 2, 3]), { code: "calibration-too-small" });
  assert.throws(() => RobustBaseline.of(Array.from({ length: 50 }, () => 7)), { code: "baseline-flat" });
  const { stored } = RobustBaseline.of(usual(100));
  assert.deepEqual(RobustBaseline.from(stored).stored, stored);
  for (const wrong of [
    { centre: stored.centre + 5 },
    { deviation: 9 },
    { anchorDeviation: 0 },
    { centre: Number.NaN },
  ]) {
    assert.throws(() => RobustBaseline.from({ ...stored, ...wrong }), { code: "baseline-invalid" });
  }
});
