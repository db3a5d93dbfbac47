import assert from "node:assert/strict";
import { test } from "node:test";
import { officeRuns } from "../testing.ts";
import { Calibration } from "./calibrate.ts";
import { CALIBRATION_FORMAT, parseCalibration } from "./calibration-file.ts";
import { calibrationReport } from "./report.ts";

const fitted = new Calibration(officeRuns(["a", "b", "c"]));
const reports = (["same-job", "other-jobs"] as const).map((one) => calibrationReport(fitted, one, 0.01));
const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
type Loose = { [key: string]: unknown };

test("what calibrate writes is read as the weights it fitted, whatever else stands beside them", () => {
  const read = parseCalibration(text({ format: CALIBRATION_FORMAT, reports, note: "of March" }));
  assert.deepEqual(read, { sameJob: reports[0]?.model, otherJobs: reports[1]?.model });
});

test("anything else is refused: another file, a report twice or none, a weight that buys trust, a feature of another version", () => {
  const changed = (change: (model: Loose, weights: Loose) => void): unknown => {
    const copy = structuredClone(reports) as unknown as { model: Loose & { weights: Loose } }[];
    const { model } = copy[0] as { model: Loose & { weights: Loose } };
    change(model, model.weights);
    return { format: CALIBRATION_FORMAT, reports: copy };
  };
  const [one, two] = reports;
  for (const wrong of [
    {},
    [],
    { reports },
    { format: "ztl-calibration-v2", reports },
    { format: CALIBRATION_FORMAT, reports: [one] },
    { format: CALIBRATION_FORMAT, reports: [one, two, two] },
    { format: CALIBRATION_FORMAT, reports: [one, 7] },
    changed((_, weights) => (weights["copied-target"] = -0.1)),
    changed((_, weights) => (weights["copied-target"] = "1")),
    changed((_, weights) => delete weights["copied-target"]),
    changed((_, weights) => (weights.mood = 1)),
    changed((model) => (model.alarmBits = null)),
    changed((model) => delete model.bias),
  ])
    assert.throws(
      () => parseCalibration(text(wrong)),
      { code: "calibration-invalid" },
      JSON.stringify(wrong).slice(0, 90),
    );
  for (const bytes of [Buffer.from("{"), Buffer.from([0xff, 0xfe]), Buffer.from("")])
    assert.throws(() => parseCalibration(bytes), { code: "calibration-invalid" });
});
