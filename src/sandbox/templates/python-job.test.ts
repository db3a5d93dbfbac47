import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePythonJob } from "./python-job.ts";

const JOB = { code: "", argv: ["-c"], filename: "<string>", cwd: undefined, env: { set: {}, unset: [] } };

function seedOf(bytes: Uint8Array): unknown {
  const { seed } = JSON.parse(Buffer.from(bytes.subarray(4)).toString("utf8")) as { readonly seed: unknown };
  return seed;
}

test("each job has a seed of its own, also when those drawn at once are used up", () => {
  const seeds = Array.from({ length: 1000 }, () => String(seedOf(encodePythonJob(JOB))));
  assert.equal(new Set(seeds).size, seeds.length);
  // No word of them repeats either, as it would in bytes that were handed out already.
  const words = seeds.flatMap((seed) => seed.match(/.{16}/g) ?? []);
  assert.equal(words.length, 4 * seeds.length);
  assert.equal(new Set(words).size, words.length);
  for (const seed of seeds) assert.match(seed, /^[0-9a-f]{64}$/);
});

test("a seed that is given is passed on", () => {
  assert.equal(seedOf(encodePythonJob(JOB, "00ff")), "00ff");
});
