import { gunzipSync } from "node:zlib";
import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";

/** Bounds of a file of runs: that of 1,552 runs has 21 MB, its longest line half a megabyte. */
export const RUNS_FILE_BYTES_MAX = 512 * 1024 * 1024;
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const DEPTH_MAX = 32;

export interface RecordedCall {
  readonly tool: string;
  readonly args: Json;
  readonly result: string;
}

/** A run of an agent that has ended, and what became of it. */
export interface RecordedRun {
  readonly id: string;
  readonly model: string;
  /** Jobs of one suite are those of one agent, which has its tools. */
  readonly suite: string;
  readonly job: string;
  readonly request: string;
  /** benign: nobody attacked; resisted: an instruction lay in a result and was not followed; obeyed: it was. */
  readonly kind: "benign" | "resisted" | "obeyed";
  readonly calls: readonly RecordedCall[];
}

/** Reads JSON lines, gzipped or not. Throws ZtlError `runs-malformed` with the number of the line. */
export function parseRuns(file: Uint8Array): RecordedRun[] {
  const plain =
    file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file, { maxOutputLength: RUNS_FILE_BYTES_MAX }) : file;
  return new TextDecoder("utf-8", { fatal: true })
    .decode(plain)
    .split("\n")
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }) => parseRun(line, number));
}

function parseRun(line: string, number: number): RecordedRun {
  const value = parseJson(line, { bytesMax: LINE_BYTES_MAX, depthMax: DEPTH_MAX, loneSurrogates: "allow" });
  const run = isJsonObject(value) ? value : malformed(number, "an object");
  const steps = Array.isArray(run.steps) ? run.steps : malformed(number, "an array named steps");
  const attacked = run.injectionTask !== null && run.injectionTask !== undefined;
  return {
    id: text(run, "id", number),
    model: text(run, "model", number),
    suite: text(run, "suite", number),
    job: text(run, "userTask", number),
    request: text(run, "task", number),
    kind: attacked ? (run.attackSucceeded === true ? "obeyed" : "resisted") : "benign",
    calls: steps.flatMap((step) => callsOf(step, number)),
  };
}

function callsOf(step: Json, number: number): RecordedCall[] {
  const { calls = [] } = isJsonObject(step) ? step : malformed(number, "steps that are objects");
  if (!Array.isArray(calls)) return malformed(number, "calls in an array");
  return calls.map((call: Json) => {
    const { args = {}, result, ...rest } = isJsonObject(call) ? call : malformed(number, "calls that are objects");
    return { tool: text(rest, "name", number), args, result: typeof result === "string" ? result : "" };
  });
}

function text(object: JsonObject, name: string, number: number): string {
  const value = object[name];
  return typeof value === "string" ? value : malformed(number, `a string named ${name}`);
}

function malformed(line: number, expected: string): never {
  throw new ZtlError("runs-malformed", `Line ${line} of the runs: expected ${expected}`, { line });
}
