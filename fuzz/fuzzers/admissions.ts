import assert from "node:assert/strict";
import { type Admission, AdmissionVerifier, Admitter, scan } from "../../src/guard/index.ts";
import type { Fuzzer } from "../fuzzer.ts";
import { encoded, mutated } from "../mutation.ts";

const CONTENT = "The weather is fine.";
const SCOPE = { runId: "run-1", agent: "reader", purpose: "output" } as const;
const LABELS = [{ source: "fetch", trust: "untrusted", confidentiality: "public" }] as const;
const verdict = scan(CONTENT);
const admitter = new Admitter({ ruleSetHash: verdict.ruleSetHash, now: () => 1_000_000 });
const genuine = signed(CONTENT);
const samples = encoded([JSON.stringify(genuine), JSON.stringify(signed(""))]);
const words = encoded([
  ...[
    '"version":2,',
    '"purpose":"document",',
    '"labels":[{"source":"a","trust":"trusted","confidentiality":"public"}],',
    '"grant":"released",',
    '"__proto__":{',
    '"claims":',
    "null",
    "1e999",
    "[]",
    '"toJSON":1,',
    "\\u0000",
  ],
]);

function signed(content: string): Admission {
  const result = admitter.admit(content, scan(content), SCOPE, LABELS);
  assert.ok(result.status === "admitted");
  return result.admission;
}

/** Nothing but the admission as it was signed lets the content in. */
export const fuzzer: Fuzzer = {
  what: "the memory gate, with admissions that were changed",
  make: (random) => mutated(random, samples, words),
  check: (input) => {
    let claimed: unknown;
    try {
      claimed = JSON.parse(Buffer.from(input).toString("utf8"));
    } catch {
      return;
    }
    const { signer } = admitter;
    const verifier = new AdmissionVerifier({ signer, ruleSetHash: verdict.ruleSetHash, now: () => 1_000_001 });
    const { status } = verifier.verify(claimed, CONTENT, SCOPE);
    if (status === "valid") assert.deepEqual((claimed as Admission).claims, genuine.claims);
    assert.equal(verifier.verify(claimed, CONTENT, SCOPE).status, "refused", "used twice");
  },
};
