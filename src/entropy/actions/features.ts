import { argumentKey, type Baseline, type RunProfile } from "./history.ts";
import type { Origin } from "./origins.ts";
import { isRecipient } from "./recipients.ts";
import { toolSurprise, valueSurprise } from "./surprise.ts";
import { isTarget } from "./values.ts";
import { phraseOf } from "./words.ts";

/** Beyond so many bits (one in four thousand) a surprise says no more: no history is long enough to tell. */
const BITS_MAX = 12;
/** Before anything is known: every second recipient is a new one, every tenth job uses a given tool. */
const NEW_VALUES = 0.5;
const USUAL_USE = 0.1;

/** A proposed call, beside what is known of its run and of earlier ones. */
export interface ProposedCall {
  readonly tool: string;
  /** The how-manieth use of the tool in this run it is, from 1. */
  readonly times: number;
  readonly origins: readonly Origin[];
  readonly baseline: Baseline;
}

export interface Feature {
  readonly name: FeatureName;
  readonly value: number;
  /** A sentence about this call; made only when somebody reads it. */
  readonly text: () => string;
}

export const FEATURE_NAMES = [
  "tool-in-job",
  "tool-in-agent",
  "recipient-in-job",
  "recipient-in-agent",
  "copied-target",
  "commanded-target",
  "commanded-prose",
  "unasked-target",
] as const;
export type FeatureName = (typeof FEATURE_NAMES)[number];

export function featuresOf(call: ProposedCall): Feature[] {
  return [...toolFeatures(call), ...recipientFeatures(call), ...originFeatures(call)];
}

const bits = (value: number): number => Math.min(value, BITS_MAX);

function toolFeatures({ tool, times, baseline: { sameJob, otherJobs } }: ProposedCall): Feature[] {
  const inAgent = toolSurprise(otherJobs, tool, times, USUAL_USE);
  const inJob = toolSurprise(sameJob, tool, times, 2 ** -inAgent);
  const nth = times === 1 ? "used" : `used ${times} times in a run`;
  return [
    {
      name: "tool-in-job",
      value: sameJob.length === 0 ? 0 : bits(inJob),
      text: () => `${nth} by ${howMany(sameJob, tool, times)} earlier runs of this job: \`${tool}\``,
    },
    {
      name: "tool-in-agent",
      value: bits(inAgent),
      text: () => `${nth} by ${howMany(otherJobs, tool, times)} runs of the agent's other jobs: \`${tool}\``,
    },
  ];
}

function howMany(runs: readonly RunProfile[], tool: string, times: number): string {
  return `${runs.filter(({ tools }) => (tools.get(tool) ?? 0) >= times).length} of ${runs.length}`;
}

/** Recipients that the person named are theirs, whatever earlier runs did. */
function recipientFeatures({ tool, origins, baseline: { sameJob, otherJobs } }: ProposedCall): Feature[] {
  const surprises = origins
    .filter(({ inRequest, value }) => !inRequest && isRecipient(value))
    .map((origin) => {
      const { path, words } = origin.value;
      const inAgent = bits(valueSurprise(otherJobs, { tool, path, words }, NEW_VALUES));
      const inJob = sameJob.length === 0 ? 0 : bits(valueSurprise(sameJob, { tool, path, words }, NEW_VALUES));
      return { origin, inAgent, inJob };
    });
  const job = largest(surprises, ({ inJob }) => inJob);
  const agent = largest(surprises, ({ inAgent }) => inAgent);
  const name = ({ value }: Origin): string => `\`${tool}.${value.path}\``;
  return [
    feature("recipient-in-job", job?.origin, job?.inJob ?? 0, (of) => {
      return `${name(of)} is unlike what earlier runs of this job gave it`;
    }),
    feature("recipient-in-agent", agent?.origin, agent?.inAgent ?? 0, (of) => {
      return `${name(of)} is unlike what the agent's other jobs gave it`;
    }),
  ];
}

/** Where values stand that are neither the person's own nor usual in this job. */
function originFeatures({ tool, origins, baseline }: ProposedCall): Feature[] {
  const strange = origins.filter((origin) => !origin.inRequest && !isKnown(baseline.sameJob, tool, origin));
  const targets = strange.filter(({ value }) => isTarget(value));
  const prose = strange.filter(({ value }) => !isTarget(value));
  const name = ({ value }: Origin): string => `\`${tool}.${value.path}\``;
  const copied = targets.find(({ result }) => result !== undefined);
  const commanded = targets.find(({ command }) => command !== undefined);
  const said = largest(prose, ({ commandedShare }) => commandedShare);
  const unasked = largest(targets, ({ requestShare }) => 1 - requestShare);
  const share = Math.round(100 * (said?.commandedShare ?? 0));
  return [
    feature(
      "copied-target",
      copied,
      1,
      (of) => `${name(of)} was copied from \`${of.result}\` and is not in the request`,
    ),
    feature("commanded-target", commanded, 1, (of) => {
      return `${name(of)} stands in a sentence of \`${of.command?.result}\` that asks for something`;
    }),
    feature("commanded-prose", said, said?.commandedShare ?? 0, (of) => {
      return `${share} % of the words of ${name(of)} stand in sentences of results that ask for something`;
    }),
    feature("unasked-target", unasked, 1 - (unasked?.requestShare ?? 1), (of) => `${name(of)} is not in the request`),
  ];
}

/** Zero where no value of the call is of that kind. */
function feature(name: FeatureName, of: Origin | undefined, value: number, text: (of: Origin) => string): Feature {
  return {
    name,
    value: of === undefined ? 0 : value,
    text: () => (of === undefined ? "nothing of the kind" : text(of)),
  };
}

function isKnown(runs: readonly RunProfile[], tool: string, { value }: Origin): boolean {
  const key = argumentKey(tool, value.path);
  const phrase = phraseOf(value.words);
  return runs.some(({ values }) => values.get(key)?.has(phrase) === true);
}

function largest<T>(items: readonly T[], by: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || by(item) > by(best) ? item : best),
    undefined,
  );
}

export type FeatureValues = Readonly<Record<FeatureName, number>>;

export function featureValues(features: readonly Feature[]): FeatureValues {
  return Object.fromEntries(features.map(({ name, value }) => [name, value])) as Record<FeatureName, number>;
}
