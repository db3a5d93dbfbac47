import { readBounded } from "../../base/bounded-file.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { CALIBRATION_BYTES_MAX, parseCalibration } from "../../entropy/index.ts";
import { ZtlError } from "../../errors.ts";
import { LEARN_AFTER_MS } from "../limits.ts";
import { ActionsJudge } from "./actions-judge.ts";

/** The monitor of actions as the configuration has it; undefined without one. Throws ZtlError `calibration-not-found`, `calibration-invalid`. */
export function actionsJudge(parts: ConstructorParameters<typeof ActionsJudge>[0]): ActionsJudge | undefined {
  const { actions } = parts.policy.config.monitor ?? {};
  if (actions === undefined) return undefined;
  const { calibration, onAlarm = "ask", severAboveBits, learnAfterMs = LEARN_AFTER_MS } = actions;
  const file = read(calibration);
  return new ActionsJudge(parts, {
    ...{ weights: parseCalibration(file), calibrationSha256: sha256Hex(file) },
    ...{ onAlarm, severAboveBits, learnAfterMs },
  });
}

function read(path: string): Uint8Array {
  try {
    return readBounded(path, CALIBRATION_BYTES_MAX);
  } catch (error) {
    throw new ZtlError(
      "calibration-not-found",
      `The calibration that monitor.actions names cannot be read: ${path}`,
      { path, remedy: "ztl monitor calibrate --runs FILE --json > calibration.json makes one." },
      { cause: error },
    );
  }
}
