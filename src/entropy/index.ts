/** What other rooms may use of the monitors: evidence about what an agent does, and the calibration it rests on. */

export { CALIBRATED_WEIGHTS } from "./actions/calibrated-weights.ts";
export { ActionHistory, type Baseline, type PastCall } from "./actions/history.ts";
export { ActionMonitor, type ActionMonitorOptions, type ActionState } from "./actions/monitor.ts";
export { actsOutward, type OutwardRule, outwardByPolicy } from "./actions/outward.ts";
export type { ActionEvent, KnownSource } from "./actions/run-reader.ts";
export type { ActionWeights, LogisticModel } from "./actions/weights.ts";
export { Calibration, type FoldBy, type Knowledge } from "./calibration/calibrate.ts";
export {
  CALIBRATION_BYTES_MAX,
  CALIBRATION_FORMAT,
  type CalibrationFile,
  parseCalibration,
} from "./calibration/calibration-file.ts";
export { parseRuns, type RecordedRun, RUNS_FILE_BYTES_MAX } from "./calibration/recorded-run.ts";
export { type CalibrationReport, calibrationReport, type Quality } from "./calibration/report.ts";
export { CalibratedThreshold, Cusum, Ewma, NormalThreshold } from "./detectors/charts.ts";
export type { Detector, FalseAlarms } from "./detectors/detector.ts";
export { PageHinkley } from "./detectors/page-hinkley.ts";
export { type BaselineBounds, RobustBaseline, type StoredBaseline } from "./detectors/robust-baseline.ts";
export { type NamedBaselines, readBaselines, signBaselines } from "./detectors/signed-baselines.ts";
export { StreamWatch } from "./detectors/stream-watch.ts";
export type { Evidence, Monitor, Reason } from "./monitor.ts";
export { TextModel, type TextSurprise } from "./text/text-model.ts";
export { TextMonitor, type TextState, textBaseline } from "./text/text-monitor.ts";
export { type Distribution, distributionOf, divergence, entropyBound, surprisal } from "./tokens/measures.ts";
export { TOKEN_SOURCES, type TokenSource } from "./tokens/sources.ts";
export {
  TOKEN_SERIES,
  type TokenBaselines,
  type TokenMeasures,
  TokenMonitor,
  type TokenState,
  tokenBaselines,
} from "./tokens/token-monitor.ts";
export type { Alternative, Signal, TokenSignal } from "./tokens/token-signal.ts";
