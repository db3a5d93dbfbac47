import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FEATURE_NAMES } from "../actions/features.ts";
import { officeRuns } from "../testing.ts";
import { Calibration } from "./calibrate.ts";
import { parseRuns } from "./recorded-run.ts";
import { calibrationReport } from "./report.ts";
import { auroc, shareAbove, thresholdAt } from "./roc.ts";

test("the area under the curve is that of the definition, ties and all", () => {
  assert.equal(auroc({ benign: [1, 2, 3], hostile: [4, 5] }), 1);
  assert.equal(auroc({ benign: [1, 2, 3], hostile: [0] }), 0);
  assert.equal(auroc({ benign: [1, 1], hostile: [1] }), 0.5);
  assert.equal(auroc({ benign: [1, 3], hostile: [2] }), 0.5);
});

test("no more than the rate of benign runs lies above the threshold", () => {
  const benign = Array.from({ length: 1000 }, (_, index) => index);
  for (const rate of [0, 0.001, 0.01, 0.5]) assert.ok(shareAbove(benign, thresholdAt(benign, rate)) <= rate);
  assert.equal(shareAbove(benign, thresholdAt(benign, 0.01)), 0.01);
});

test("on the office's runs all that obeyed are found, by fits that saw no run of the same model", () => {
  const report = calibrationReport(new Calibration(officeRuns(["a", "b", "c", "d"])), "same-job", 0.01);
  assert.equal(report.quality.model.auroc, 1);
  assert.equal(report.quality.model.benign, 48);
  assert.equal(report.quality.model.obeyed, 4);
  assert.equal(report.misses.length, 4);
  for (const name of FEATURE_NAMES) assert.ok(report.model.weights[name] >= 0, `${name} can buy trust`);
});

test("the fit is the same each time", () => {
  const fit = () => new Calibration(officeRuns(["a", "b", "c"])).fit("same-job", 0.01);
  assert.deepEqual(fit(), fit());
});

const LINE = {
  id: "m/office/1",
  model: "m",
  suite: "office",
  userTask: "t",
  injectionTask: null,
  attackSucceeded: false,
  task: "Do it",
  steps: [{ user: "hello" }, { say: "", calls: [{ name: "read_file", args: { path: "a" }, result: "text" }] }],
};

test("recorded runs are read, gzipped or not, and a line that is none is named", () => {
  const text = `${JSON.stringify(LINE)}\n${JSON.stringify({ ...LINE, injectionTask: "i", attackSucceeded: true })}\n`;
  const runs = parseRuns(Buffer.from(text));
  assert.deepEqual(
    runs.map(({ kind }) => kind),
    ["benign", "obeyed"],
  );
  assert.deepEqual(runs[0]?.calls, [{ tool: "read_file", args: { path: "a" }, result: "text" }]);
  assert.deepEqual(parseRuns(gzipSync(text)), runs);
  for (const wrong of [
    { ...LINE, steps: 1 },
    { ...LINE, task: undefined },
    { ...LINE, steps: [{ calls: [{ args: {} }] }] },
    7,
  ]) {
    assert.throws(() => parseRuns(Buffer.from(`${JSON.stringify(LINE)}\n${JSON.stringify(wrong)}`)), {
      code: "runs-malformed",
      details: { line: 2 },
    });
  }
});
