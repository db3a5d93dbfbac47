import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CalibratedThreshold, Cusum, Ewma, NormalThreshold } from "./charts.ts";
import type { Detector, FalseAlarms } from "./detector.ts";
import { normalBelow, normalQuantile } from "./normal.ts";
import { PageHinkley } from "./page-hinkley.ts";
import { gaussian } from "./random.ts";
import { cusumRunLength, ewmaRunLength } from "./run-length.ts";

/** Mean steps to the alarm over seeded streams of normal numbers, each from the start, with a shift after some of them. */
function meanSteps(
  detector: Detector,
  { seed, shift = 0, after = 0 }: { seed: number; shift?: number; after?: number },
): number {
  const streams = 600;
  const next = gaussian(seed);
  let sum = 0;
  let counted = 0;
  while (counted < streams) {
    detector.reset();
    let step = 0;
    let isEarly = false;
    for (let over = false; !over; ) {
      step += 1;
      over = detector.push(next() + (step > after ? shift : 0));
      isEarly = over && step <= after;
    }
    // A false alarm before the change says nothing of the delay after it.
    if (isEarly) continue;
    sum += step - after;
    counted += 1;
  }
  return sum / streams;
}

const DETECTORS: readonly { name: string; make(alarms: FalseAlarms): Detector }[] = [
  { name: "CUSUM", make: (alarms) => new Cusum(alarms) },
  { name: "EWMA", make: (alarms) => new Ewma(alarms) },
  { name: "Page-Hinkley", make: (alarms) => new PageHinkley(alarms) },
  { name: "threshold of normal numbers", make: (alarms) => new NormalThreshold(alarms) },
];

describe("the run length to a false alarm is within 20 % of the one asked for", () => {
  for (const { name, make } of DETECTORS) {
    for (const meanRunLength of [100, 500, 2000]) {
      test(`${name}, ${meanRunLength}`, (context) => {
        const measured = meanSteps(make({ meanRunLength }), { seed: 11 });
        context.diagnostic(`asked for ${meanRunLength}, measured ${measured.toFixed(0)}`);
        assert.ok(Math.abs(measured / meanRunLength - 1) < 0.2, `${measured}`);
      });
    }
  }

  test("a threshold calibrated on numbers that are not normal", () => {
    const next = gaussian(5);
    const skewed = (): number => Math.exp(next());
    const detector = new CalibratedThreshold({ meanRunLength: 200 }, Array.from({ length: 20_000 }, skewed));
    let alarms = 0;
    for (let step = 0; step < 100_000; step++) alarms += detector.push(skewed()) ? 1 : 0;
    assert.ok(Math.abs(100_000 / alarms / 200 - 1) < 0.2, `${alarms}`);
  });
});

describe("the delay after a change is near what theory says", () => {
  for (const shift of [0.5, 1, 2]) {
    test(`CUSUM, ${shift} deviations`, (context) => {
      const detector = new Cusum({ meanRunLength: 500 });
      const theory = cusumRunLength(0.5, detector.threshold, shift);
      const measured = meanSteps(detector, { seed: 23, shift });
      context.diagnostic(`theory ${theory.toFixed(2)}, measured ${measured.toFixed(2)}`);
      assert.ok(Math.abs(measured / theory - 1) < 0.1, `theory ${theory}, measured ${measured}`);
    });
    test(`EWMA, ${shift} deviations`, (context) => {
      const detector = new Ewma({ meanRunLength: 500 });
      const limit = detector.threshold / Math.sqrt(0.2 / 1.8);
      const theory = ewmaRunLength(0.2, limit, shift);
      const measured = meanSteps(detector, { seed: 23, shift });
      context.diagnostic(`theory ${theory.toFixed(2)}, measured ${measured.toFixed(2)}`);
      assert.ok(Math.abs(measured / theory - 1) < 0.1, `theory ${theory}, measured ${measured}`);
    });
  }

  test("Page-Hinkley is about as fast as a CUSUM with its tolerance, once it has seen what is usual", (context) => {
    const detector = new PageHinkley({ meanRunLength: 500 });
    const theory = cusumRunLength(0.25, detector.threshold, 1);
    const measured = meanSteps(detector, { seed: 23, shift: 1, after: 100 });
    context.diagnostic(`theory for a known mean ${theory.toFixed(2)}, measured ${measured.toFixed(2)}`);
    assert.ok(Math.abs(measured / theory - 1) < 0.25, `theory ${theory}, measured ${measured}`);
  });
});

test("published values: CUSUMs with k 0.5 and h 4 and 5 have 168 and 465 steps on two sides, 336 and 930 on one; an EWMA with 0.1 and L 2.814 has 500", () => {
  assert.ok(Math.abs(cusumRunLength(0.5, 4) - 336) < 6, `${cusumRunLength(0.5, 4)}`);
  assert.ok(Math.abs(cusumRunLength(0.5, 5) - 930) < 18, `${cusumRunLength(0.5, 5)}`);
  assert.ok(Math.abs(cusumRunLength(0.5, 4, 1) - 8.38) < 0.1, `${cusumRunLength(0.5, 4, 1)}`);
  assert.ok(Math.abs(ewmaRunLength(0.1, 2.814) - 500) < 10, `${ewmaRunLength(0.1, 2.814)}`);
});

test("the normal distribution", () => {
  assert.ok(Math.abs(normalBelow(1.959964) - 0.975) < 1e-6);
  assert.ok(Math.abs(normalQuantile(0.001) - 3.090232) < 1e-4);
});

test("what is no number, or endless, breaks no detector", () => {
  for (const { make } of DETECTORS) {
    const detector = make({ meanRunLength: 100 });
    assert.equal(detector.push(Number.NaN), false);
    detector.push(Number.POSITIVE_INFINITY);
    detector.push(Number.NEGATIVE_INFINITY);
    assert.ok(Number.isFinite(detector.statistic));
    detector.reset();
    assert.equal(detector.statistic, 0);
  }
});

test("run lengths that cannot be kept, and calibrations that are too small for theirs, are refused", () => {
  for (const meanRunLength of [0, 9, Number.NaN, 1e9]) {
    for (const { make } of DETECTORS) assert.throws(() => make({ meanRunLength }), { code: "run-length-invalid" });
  }
  for (const make of [Cusum, Ewma, NormalThreshold]) assert.ok(new make({ meanRunLength: 1_000_000 }).threshold < 12);
  assert.throws(() => new PageHinkley({ meanRunLength: 20_000 }), { code: "run-length-invalid" });
  assert.throws(() => new CalibratedThreshold({ meanRunLength: 100 }, [1, 2, 3]), { code: "calibration-too-small" });
});
