import { canonicalise } from "../../base/canonical-json.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { hashInputs, type ReplayInput, type ReplayRecord } from "./record.ts";

/** What a run did, as far as a replay must do the same. */
export interface RunOutput {
  readonly status: string;
  readonly exitCode: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly changes: readonly RunChange[];
}

export interface RunChange {
  readonly path: string;
  /** Everything that makes up the change but content: kind, mode, link target, hash of content. Compared as canonical JSON. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
  /** New content of a file, when it was kept. */
  readonly content?: Uint8Array;
}

export type RunComparison =
  | { readonly same: true }
  | {
      readonly same: false;
      readonly where: "input" | "status" | "exit-code" | "stdout" | "stderr" | "change";
      /** The input or changed file concerned. */
      readonly path?: string;
      /** First byte that differs, when bytes were compared. */
      readonly offset?: number;
      /** What surrounds the difference, escaped to printable ASCII; one is empty when the other side has more. */
      readonly recorded: string;
      readonly replayed: string;
      readonly message: string;
    };

const BEFORE_BYTES = 24;
const AFTER_BYTES = 40;

/**
 * The first difference between a recorded run and its replay, in the order of importance: how it ended, stdout, stderr, then
 * changes by path. Everything is compared byte for byte.
 */
export function compareRuns(recorded: RunOutput, replayed: RunOutput): RunComparison {
  if (recorded.status !== replayed.status) return plain("status", recorded.status, replayed.status);
  if (recorded.exitCode !== replayed.exitCode) return plain("exit-code", recorded.exitCode, replayed.exitCode);
  for (const where of ["stdout", "stderr"] as const) {
    const difference = compareBytes(where, recorded[where], replayed[where]);
    if (!difference.same) return difference;
  }
  return compareChanges(recorded.changes, replayed.changes);
}

/** Whether a replay would see what the recorded run saw; a changed input is named before anything is run. */
export function compareInputs(record: ReplayRecord, found: readonly ReplayInput[]): RunComparison {
  if (hashInputs(found) === record.inputsSha256 && hashInputs(record.inputs) === record.inputsSha256)
    return { same: true };
  const difference = firstByName(
    record.inputs.map((input) => [input.name, describe(input)] as const),
    found.map((input) => [input.name, describe(input)] as const),
  );
  if (difference === undefined) {
    return {
      ...plain("input", record.inputsSha256, hashInputs(record.inputs)),
      message: "The record's inputs do not have its hash",
    };
  }
  const [path, recorded, replayed] = difference;
  const message = `Input ${escapeText(path)} is not what the recorded run saw`;
  return { same: false, where: "input", path, recorded: recorded ?? "", replayed: replayed ?? "", message };
}

function describe({ sha256: hash, sizeBytes, parts }: ReplayInput): string {
  return `${sizeBytes} bytes, SHA-256 ${hash}${parts ? ` of ${parts.join()}` : ""}`;
}

function compareChanges(recorded: readonly RunChange[], replayed: readonly RunChange[]): RunComparison {
  const difference = firstByName(
    recorded.map((change) => [change.path, factsOf(change)] as const),
    replayed.map((change) => [change.path, factsOf(change)] as const),
  );
  if (difference === undefined) return { same: true };
  const [path, before, after] = difference;
  const contents = [recorded, replayed].map((changes) => changes.find((change) => change.path === path)?.content);
  if (contents[0] !== undefined && contents[1] !== undefined) {
    const inside = compareBytes("change", contents[0], contents[1]);
    if (!inside.same) return { ...inside, path, message: `${escapeText(path)}: ${inside.message}` };
  }
  const message = `The change of ${escapeText(path)} differs`;
  return {
    same: false,
    where: "change",
    path,
    recorded: escapeText(before ?? ""),
    replayed: escapeText(after ?? ""),
    message,
  };
}

function factsOf({ facts, content }: RunChange): string {
  return canonicalise(content === undefined ? facts : { ...facts, content: sha256Hex(content) });
}

type Named = readonly (readonly [name: string, value: string])[];

/** The first name, in order, that has not the same values on both sides. */
function firstByName(
  recorded: Named,
  replayed: Named,
): readonly [string, string | undefined, string | undefined] | undefined {
  const [left, right] = [group(recorded), group(replayed)];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  const name = names.find((one) => left.get(one) !== right.get(one));
  return name === undefined ? undefined : [name, left.get(name), right.get(name)];
}

function group(pairs: Named): Map<string, string> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return new Map([...values].map(([name, all]) => [name, all.sort().join("; ")]));
}

function plain(
  where: "status" | "exit-code" | "input",
  recorded: unknown,
  replayed: unknown,
): RunComparison & { same: false } {
  const texts = { recorded: escapeText(String(recorded)), replayed: escapeText(String(replayed)) };
  return { same: false, where, ...texts, message: `Expected ${where} ${texts.recorded}; found ${texts.replayed}` };
}

function compareBytes(
  where: "stdout" | "stderr" | "change",
  recorded: Uint8Array,
  replayed: Uint8Array,
): RunComparison {
  if (Buffer.compare(recorded, replayed) === 0) return { same: true };
  const offset = firstDifference(recorded, replayed);
  const around = (bytes: Uint8Array): string =>
    offset >= bytes.length ? "" : escapeBytes(bytes.subarray(Math.max(0, offset - BEFORE_BYTES), offset + AFTER_BYTES));
  const message = `${where} differs from byte ${offset} on (${recorded.length} bytes recorded, ${replayed.length} replayed)`;
  return { same: false, where, offset, recorded: around(recorded), replayed: around(replayed), message };
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}

/** Printable ASCII as it is, the rest as \xHH, so that nothing in it can act on a terminal or a page. */
export function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    if (byte === 0x0a) return "\\n";
    if (byte === 0x5c) return "\\\\";
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

function escapeText(text: string): string {
  return escapeBytes(Buffer.from(text));
}
