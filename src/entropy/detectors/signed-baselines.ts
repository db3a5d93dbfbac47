import { type KeyObject, sign, verify } from "node:crypto";
import { canonicalise } from "../../base/canonical-json.ts";
import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { RobustBaseline, type StoredBaseline } from "./robust-baseline.ts";

/** What is usual for one agent in one job: baselines by the names of their series. */
export interface NamedBaselines {
  readonly agent: string;
  readonly job: string;
  readonly series: Readonly<Record<string, RobustBaseline>>;
}

/** The tag keeps this signature from ever meaning anything else that the same key signs. */
const TAG = "ztl-baselines-v1";
/** A few series of four numbers, and two names. */
const LIMITS = { bytesMax: 64 * 1024, depthMax: 8 };
const MEMBERS = ["anchorCentre", "anchorDeviation", "centre", "deviation"] as const;

/** As they are kept between runs: one line of JSON, signed with Ed25519. */
export function signBaselines({ agent, job, series }: NamedBaselines, privateKey: KeyObject): string {
  const stored = Object.fromEntries(Object.entries(series).map(([name, one]) => [name, { ...one.stored }]));
  const said = { agent, job, series: stored };
  const signature = sign(null, Buffer.from(textOf(said)), privateKey).toString("base64url");
  return canonicalise({ ...said, format: TAG, signature }, LIMITS);
}

/**
 * Reads them for this agent and job. Throws ZtlError `baselines-forged` where the key did not sign them, or signed them for somebody
 * else, `baselines-malformed` for what is none, `baseline-invalid` for one that its bounds could not have led to.
 */
export function readBaselines(
  text: string,
  publicKey: KeyObject,
  whose: Pick<NamedBaselines, "agent" | "job">,
): NamedBaselines {
  const { format, signature, ...said } = objectOf(text);
  if (format !== TAG || typeof signature !== "string" || !isJsonObject(said.series)) throw malformed();
  const bytes = Buffer.from(signature, "base64url");
  const isSigned =
    bytes.toString("base64url") === signature && verify(null, Buffer.from(textOf(said)), publicKey, bytes);
  if (!isSigned) throw forged("the signature is not for them");
  if (said.agent !== whose.agent || said.job !== whose.job) throw forged("they are of another agent or job");
  const series = Object.entries(said.series).map(([name, one]) => [name, RobustBaseline.from(storedOf(one))]);
  return { agent: whose.agent, job: whose.job, series: Object.fromEntries(series) };
}

function textOf(said: JsonObject): string {
  return `${TAG}\n${canonicalise(said, LIMITS)}`;
}

function objectOf(text: string): JsonObject {
  try {
    const value = parseJson(text, LIMITS);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw malformed(error);
  }
  throw malformed();
}

function storedOf(value: Json): StoredBaseline {
  if (!isJsonObject(value) || !MEMBERS.every((name) => typeof value[name] === "number")) throw malformed();
  return value as unknown as StoredBaseline;
}

function malformed(cause?: unknown): ZtlError {
  return new ZtlError("baselines-malformed", "Expected signed baselines of a monitor", { remedy: REMEDY }, { cause });
}

function forged(why: string): ZtlError {
  return new ZtlError("baselines-forged", `These baselines are not used: ${why}`, { remedy: REMEDY });
}

const REMEDY = "Calibrate anew; whoever could write there could have set what counts as usual.";
