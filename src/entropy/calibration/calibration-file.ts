import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { FEATURE_NAMES, type FeatureName } from "../actions/features.ts";
import type { ActionWeights, LogisticModel } from "../actions/weights.ts";
import type { Knowledge } from "./calibrate.ts";
import type { CalibrationReport } from "./report.ts";

/** What `ztl monitor calibrate --json` writes, and a configuration names. */
export interface CalibrationFile {
  readonly format: typeof CALIBRATION_FORMAT;
  readonly reports: readonly CalibrationReport[];
}

export const CALIBRATION_FORMAT = "ztl-calibration-v1";
/** That of 1,552 runs has 60 KB, most of it examples. */
export const CALIBRATION_BYTES_MAX = 16 * 1024 * 1024;
const DEPTH_MAX = 32;

/** The weights of a calibration; its table and examples are for people. Throws ZtlError `calibration-invalid`. */
export function parseCalibration(bytes: Uint8Array): ActionWeights {
  const file = jsonOf(bytes);
  if (!isJsonObject(file) || file.format !== CALIBRATION_FORMAT || !Array.isArray(file.reports))
    throw invalid(`expected an object with format ${JSON.stringify(CALIBRATION_FORMAT)} and reports`);
  const reports = file.reports as readonly Json[];
  return { sameJob: modelOf(reports, "same-job"), otherJobs: modelOf(reports, "other-jobs") };
}

function jsonOf(bytes: Uint8Array): Json {
  try {
    return parseJson(bytes, { bytesMax: CALIBRATION_BYTES_MAX, depthMax: DEPTH_MAX, loneSurrogates: "allow" });
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function modelOf(reports: readonly Json[], knowledge: Knowledge): LogisticModel {
  const [report, ...more] = reports.filter(
    (one): one is JsonObject => isJsonObject(one) && one.knowledge === knowledge,
  );
  const model = report?.model;
  if (more.length > 0 || !isJsonObject(model) || !isJsonObject(model.weights))
    throw invalid(`expected one report of ${knowledge} with a model`);
  const { weights } = model;
  const unknown = Object.keys(weights).find((name) => !FEATURE_NAMES.some((one) => one === name));
  if (unknown !== undefined)
    throw invalid(
      `${knowledge}: there is no feature ${JSON.stringify(unknown.slice(0, 100))}; it was made by another version`,
    );
  const entries = FEATURE_NAMES.map((name) => [name, weightOf(weights, name, knowledge)] as const);
  return {
    bias: numberOf(model, "bias", knowledge),
    alarmBits: numberOf(model, "alarmBits", knowledge),
    weights: Object.fromEntries(entries) as Record<FeatureName, number>,
  };
}

/** Below zero a suspicion would speak for a call, and who knows of it could buy trust with it. */
function weightOf(weights: JsonObject, name: FeatureName, knowledge: Knowledge): number {
  const weight = numberOf(weights, name, knowledge);
  if (weight < 0) throw invalid(`${knowledge}: the weight of ${name} is below zero`);
  return weight;
}

function numberOf(object: JsonObject, name: string, knowledge: Knowledge): number {
  const value = object[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid(`${knowledge}: expected a number named ${name}`);
}

function invalid(why: string): ZtlError {
  return new ZtlError("calibration-invalid", `This is no calibration of the monitor of actions: ${why}`, {
    remedy: "ztl monitor calibrate --runs FILE --json makes one.",
  });
}
