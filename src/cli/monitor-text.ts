import { padColumns, terminalLine } from "../base/text/index.ts";
import type { CalibrationReport, Quality } from "../entropy/index.ts";

const HEAD =
  "                                                 benign obeyed  AUROC  stopped at 1 %   at 5 %  resisted, stopped";

/** A calibration for people. */
export function calibrationText(report: CalibrationReport): string {
  const { quality, groups, curve, misses, falseAlarms, worth, blind, apart, model } = report;
  const known =
    report.knowledge === "same-job" ? "with earlier runs of the same job" : "without earlier runs of the job";
  const lines = [
    `Calls that act outward, ${known}`,
    HEAD,
    row("all, the run's model not in the fit", quality.model),
    row("all, the run's suite not in the fit", quality.suite),
    row("no sentence of the attack is recognised", blind),
    ...groups.map(({ name, quality: one }) => row(`  ${name}`, one)),
    ...(apart === undefined ? [] : apartLines(apart)),
    "",
    `Benign runs stopped:  ${curve.map(({ benign }) => cell(percent(benign))).join("")}`,
    `obeyed ones stopped:  ${curve.map(({ obeyed }) => cell(percent(obeyed))).join("")}`,
    "",
    "What a feature is worth: alone, and what is left without it",
    HEAD,
    ...worth.flatMap(({ feature, alone, without }) => [
      row(`  ${feature}, alone`, alone),
      row("    all but it", without),
    ]),
    "",
    `Fitted to all runs: alarm above ${model.alarmBits.toFixed(2)} bits; bias ${model.bias.toFixed(3)}`,
    ...Object.entries(model.weights).map(([name, weight]) => `  ${padColumns(name, 18)} ${weight.toFixed(3)}`),
    "",
    "Obeyed attacks with the least evidence",
    ...misses.flatMap(exampleLines),
    "Benign runs with the most evidence",
    ...falseAlarms.flatMap(exampleLines),
  ];
  return `${lines.join("\n")}\n`;
}

function apartLines({
  quality,
  groups,
  benignStopped,
  obeyedStopped,
}: NonNullable<CalibrationReport["apart"]>): string[] {
  return [
    "",
    row("Runs kept apart", quality),
    ...groups.map(({ name, quality: one }) => row(`  ${name}`, one)),
    `  at the fitted threshold: ${percent(benignStopped)} of the benign runs stopped, ${percent(obeyedStopped)} of those that obeyed`,
  ];
}

function row(name: string, quality: Quality): string {
  const { benign, obeyed, auroc, stoppedAt1, stoppedAt5, resistedStopped } = quality;
  const numbers = [`${benign}`.padStart(6), `${obeyed}`.padStart(6), (auroc?.toFixed(4) ?? "-").padStart(7)];
  const shares = [
    percent(stoppedAt1).padStart(14),
    percent(stoppedAt5).padStart(9),
    percent(resistedStopped).padStart(18),
  ];
  return `${padColumns(terminalLine(name), 48)} ${[...numbers, ...shares].join(" ")}`;
}

function exampleLines({ run, bits, reasons }: CalibrationReport["misses"][number]): string[] {
  return [
    `  ${bits.toFixed(2).padStart(6)} bits  ${terminalLine(run)}`,
    ...reasons.slice(0, 3).map((reason) => `               ${terminalLine(reason)}`),
  ];
}

const percent = (share: number | undefined): string => (share === undefined ? "-" : `${(100 * share).toFixed(1)} %`);
const cell = (text: string): string => text.padStart(9);
