import assert from "node:assert/strict";
import { test } from "node:test";
import type { BreakerConfig } from "./config/breaker.ts";
import type { LoopConfig } from "./config/schema.ts";
import { Policy } from "./policy.ts";
import { TripsPolicy } from "./trips.ts";

const SIGN = { agent: "coder", tool: "mail" } as const;

test("all rules that apply do, each with its own scope and cool-down", () => {
  const policy = new TripsPolicy({
    trips: [
      { on: "violation", scope: "agent", count: 3, withinMs: 5000, coolDownMs: 1000 },
      { on: "violation", tools: ["mail*"], scope: "global" },
      { on: "violation", agents: ["reader*"], scope: "run" },
      { on: "quota", scope: "conversation" },
    ],
  });
  assert.deepEqual(policy.for({ ...SIGN, kind: "violation" }), [
    { rule: "breaker.trips[0]", scope: "agent", count: 3, withinMs: 5000, coolDownMs: 1000 },
    { rule: "breaker.trips[1]", scope: "global", count: 1, withinMs: 60_000, coolDownMs: undefined },
  ]);
  assert.deepEqual(
    policy.for({ ...SIGN, kind: "quota" }).map(({ scope }) => scope),
    ["conversation"],
  );
  assert.deepEqual(policy.for({ ...SIGN, kind: "finding", severity: "critical" }), []);
});

test("a finding trips from its severity on: critical, unless a rule says otherwise", () => {
  const scopes = (
    rule: { severity?: "low" | "medium" | "high" | "critical" },
    severity: "low" | "medium" | "high" | "critical",
  ) =>
    new TripsPolicy({ trips: [{ on: "finding", scope: "run", ...rule }] }).for({ ...SIGN, kind: "finding", severity })
      .length;
  assert.deepEqual([scopes({}, "high"), scopes({}, "critical")], [0, 1]);
  assert.deepEqual([scopes({ severity: "medium" }, "low"), scopes({ severity: "medium" }, "medium")], [0, 1]);
  assert.equal(
    new TripsPolicy({ trips: [{ on: "finding", scope: "run", severity: "low" }] }).for({ ...SIGN, kind: "finding" })
      .length,
    1,
  );
});

test("a leak, or a monitor that severs, opens its conversation's breaker by itself, until a rule says something else of it", () => {
  for (const kind of ["leak", "monitor"] as const) {
    const scopes = (config: BreakerConfig) => new TripsPolicy(config).for({ ...SIGN, kind }).map(({ scope }) => scope);
    assert.deepEqual(scopes({}), ["conversation"]);
    assert.deepEqual(scopes({ trips: [{ on: "quota", scope: "run" }] }), ["conversation"]);
    assert.deepEqual(scopes({ trips: [{ on: kind, scope: "global" }] }), ["global"]);
  }
});

const config = (breaker: unknown): LoopConfig => ({
  agents: { coder: { role: "worker" } },
  roles: { worker: { tools: ["*"] } },
  tools: { mail: { external: true, effect: "outward" }, look: { external: true } },
  breaker: breaker as BreakerConfig,
});

test("what cannot be meant is refused", () => {
  for (const breaker of [
    { trips: [{ on: "weather", scope: "run" }] },
    { trips: [{ on: "quota" }] },
    { trips: [{ on: "quota", scope: "all" }] },
    { trips: [{ on: "quota", scope: "run", severity: "low" }] },
    { trips: [{ on: "quota", scope: "run", withinMs: 1000 }] },
    { trips: [{ on: "quota", scope: "run", count: 0 }] },
    { trips: [{ on: "quota", scope: "run", coolDownMs: 1 }] },
    { trips: [{ on: "quota", scope: "run", tools: ["mial"] }] },
    { trips: [{ on: "quota", scope: "run", agents: ["nobody"] }] },
    { closes: "nothing" },
    { open: true },
  ])
    assert.throws(() => new Policy(config(breaker)), { code: "config-invalid" }, JSON.stringify(breaker));
});

test("an open breaker is over every call, or over what reaches outside; a message does", () => {
  const closed = (breaker: BreakerConfig) => {
    const policy = new Policy(config(breaker));
    return ["mail", "look", "message from coder"].map((tool) => policy.isClosedByBreaker(tool));
  };
  assert.deepEqual(closed({}), [true, true, true]);
  assert.deepEqual(closed({ closes: "everything" }), [true, true, true]);
  assert.deepEqual(closed({ closes: "outward" }), [true, false, true]);
});
