import assert from "node:assert/strict";
import { test } from "node:test";
import { gaussian, uniform } from "../detectors/random.ts";
import { TokenMonitor, tokenBaselines } from "./token-monitor.ts";
import type { TokenSignal } from "./token-signal.ts";

/** Answers of a model of our own making: how certain it is scatters, and what it might say comes from one of two vocabularies. */
function answers(seed: number) {
  const [next, normal] = [uniform(seed), gaussian(seed + 1)];
  const token = (certainty: number, vocabulary: string): TokenSignal => {
    const likeliest = Math.min(0.98, Math.max(0.05, certainty + 0.12 * normal()));
    const names = [0, 1, 2].map(() => `${vocabulary}${Math.floor(40 * next())}`);
    const rest = (1 - likeliest) * 0.9;
    const shares = [likeliest, rest * 0.7, rest * 0.3];
    const at = next() < likeliest ? 0 : next() < 0.7 ? 1 : 2;
    const top = names.map((name, index) => ({ token: `${name}.${index}`, logprob: Math.log(shares[index] as number) }));
    return { ...(top[at] as (typeof top)[number]), top };
  };
  return (length: number, certainty = 0.8, vocabulary = "w"): TokenSignal[] =>
    Array.from({ length }, () => token(certainty, vocabulary));
}

const baselines = () => {
  const answer = answers(3);
  return tokenBaselines(Array.from({ length: 60 }, () => answer(800)));
};

test("the run length to a false alarm is near the one asked for, in windows of 16 tokens", (context) => {
  const usual = baselines();
  const answer = answers(17);
  const lengths: number[] = [];
  for (let run = 0; run < 60; run++) {
    const monitor = new TokenMonitor(usual, { meanRunLength: 100 });
    let windows = 0;
    while (windows < 2000 && monitor.observe({ kind: "tokens", tokens: answer(16) })?.alarm !== true) windows++;
    lengths.push(windows);
  }
  const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
  context.diagnostic(`asked for 100, measured ${mean.toFixed(0)}`);
  // Three series that move together alarm more rarely than three that do not, and the means of 16 are only about normal.
  assert.ok(mean > 60 && mean < 400, `${mean}`);
});

test("a model that becomes uncertain, or begins to speak of something else, is an alarm soon; which, the reasons say", (context) => {
  const usual = baselines();
  for (const [what, certainty, vocabulary, series] of [
    ["uncertain", 0.45, "w", "surprisal"],
    ["another vocabulary", 0.8, "v", "divergence"],
  ] as const) {
    const answer = answers(29);
    const monitor = new TokenMonitor(usual, { meanRunLength: 1000 });
    monitor.observe({ kind: "tokens", tokens: answer(320) });
    monitor.observe({ kind: "tokens", tokens: [] });
    let windows = 0;
    let evidence: ReturnType<TokenMonitor["observe"]>;
    do {
      evidence = monitor.observe({ kind: "tokens", tokens: answer(16, certainty, vocabulary) });
      windows++;
    } while (evidence?.alarm !== true && windows < 200);
    context.diagnostic(`${what}: after ${windows} windows, ${evidence?.bits.toFixed(1)} bits`);
    assert.ok(windows <= 12, `${what}: ${windows}`);
    assert.ok(
      evidence?.reasons.some(({ name }) => name === series),
      what,
    );
    assert.ok(monitor.state.alarmed);
  }
});

test("no signal is a state of its own: it moves nothing, is counted, and says why", () => {
  const monitor = new TokenMonitor(baselines(), { meanRunLength: 100 });
  assert.equal(monitor.state.signal, "waiting");
  const answer = answers(5);
  assert.equal(monitor.observe({ kind: "tokens", tokens: answer(10) }), undefined, "no window is full");
  assert.equal(monitor.state.signal, "signal");
  assert.equal(monitor.observe({ kind: "no-signal", reason: "absent" }), undefined);
  assert.equal(monitor.observe({ kind: "no-signal", reason: "malformed", why: "expected tokens" }), undefined);
  assert.deepEqual(monitor.state, {
    ...{ signal: "no-signal", tokens: 10, silent: 2, alarmed: false },
    noSignal: { kind: "no-signal", reason: "malformed", why: "expected tokens" },
  });
  assert.ok(monitor.observe({ kind: "tokens", tokens: answer(6) }) !== undefined, "the window goes on where it was");
});

test("token by token, in chunks or whole, it is the same", () => {
  const usual = baselines();
  const tokens = answers(41)(480, 0.6);
  const states = [1, 7, 16, 480].map((size) => {
    const monitor = new TokenMonitor(usual, { meanRunLength: 50 });
    const bits: number[] = [];
    for (let start = 0; start < tokens.length; start += size) {
      const evidence = monitor.observe({ kind: "tokens", tokens: tokens.slice(start, start + size) });
      if (evidence !== undefined) bits.push(evidence.bits);
    }
    return [monitor.state.alarmed, monitor.state.tokens];
  });
  for (const state of states) assert.deepEqual(state, states[0]);
});

test("too few answers are no baseline", () => {
  assert.throws(() => tokenBaselines([answers(1)(100)]), { code: "calibration-too-small" });
});
