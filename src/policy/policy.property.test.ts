import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LoopConfig } from "./config/schema.ts";
import type { Decision } from "./decision.ts";
import { Policy } from "./policy.ts";
import { type Label, Taint } from "./taint.ts";

/** What must hold of every configuration and every conversation. */

const STRICTNESS: Readonly<Record<Decision["decision"], number>> = { run: 0, ask: 1, refuse: 2 };
const AGENTS = ["ann", "bob"] as const;
const ROLES = ["reader", "editor"] as const;
const TOOLS = ["read_page", "read_file", "send", "toString"] as const;

const trust = fc.constantFrom("trusted", "untrusted");
const confidentiality = fc.constantFrom("public", "private");
const label: fc.Arbitrary<Label> = fc.record({ source: fc.constantFrom(...TOOLS), trust, confidentiality });
const taint = fc.array(label, { maxLength: 6 }).map((labels) => Taint.of(...labels));
const toolPatterns = fc.subarray([...TOOLS, "read_*", "*"]);

const common = {
  ask: fc.constantFrom("never", "always", "when-tainted"),
  effect: fc.constantFrom("none", "outward"),
  output: fc.record({ trust, confidentiality }, { requiredKeys: [] }),
};
const mounts = fc
  .array(fc.record({ host: fc.constant("/data"), mode: fc.constantFrom("ro", "overlay"), trust, confidentiality }), {
    maxLength: 2,
  })
  .map((list) => list.map((mount, index) => ({ ...mount, guest: `/m${index}` })));
const tool = fc.oneof(
  fc.record({ external: fc.constant(true as const), ...common }),
  fc.record({ template: fc.constant("exec" as const), mounts, ...common }),
);
const role = fc.record({ tools: toolPatterns, ask: toolPatterns });
const agent = fc.record({ role: fc.constantFrom(...ROLES), mayMessage: fc.subarray([...AGENTS, "b*"]) });

function recordOf<T>(names: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.record(Object.fromEntries(names.map((name) => [name, value])));
}

const config = fc.record({
  agents: recordOf(AGENTS, agent),
  roles: recordOf(ROLES, role),
  tools: recordOf(TOOLS, tool),
}) as unknown as fc.Arbitrary<LoopConfig>;

const call = fc.record({ agent: fc.constantFrom(...AGENTS), tool: fc.constantFrom(...TOOLS) });

function strictness(policy: Policy, { agent, tool }: { agent: string; tool: string }, taint: Taint): number {
  return STRICTNESS[policy.decide({ agent, tool, taint }).decision];
}

test("more taint never makes a decision laxer", () => {
  fc.assert(
    fc.property(config, call, taint, taint, (config, call, before, more) => {
      const policy = new Policy(config);
      assert.ok(strictness(policy, call, before.join(more)) >= strictness(policy, call, before));
    }),
  );
});

test("taking a grant away never makes a decision laxer", () => {
  fc.assert(
    fc.property(config, call, taint, fc.constantFrom(...ROLES), fc.nat(8), (config, call, taint, role, index) => {
      const granted = config.roles[role] as (typeof config.roles)[string];
      const fewer = { ...granted, tools: granted.tools.filter((_, place) => place !== index) };
      const narrowed = new Policy({ ...config, roles: { ...config.roles, [role]: fewer } });
      assert.ok(strictness(narrowed, call, taint) >= strictness(new Policy(config), call, taint));
    }),
  );
});

test("a name that is not configured never runs, whatever it is", () => {
  const anyName = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "read_", "*", "read_*", "Ann"));
  fc.assert(
    fc.property(config, anyName, taint, (config, name, taint) => {
      const policy = new Policy(config);
      if (!Object.hasOwn(config.tools, name))
        for (const agent of AGENTS) assert.equal(policy.decide({ agent, tool: name, taint }).rule, "default-deny");
      if (!Object.hasOwn(config.agents, name))
        for (const tool of TOOLS) assert.equal(policy.decide({ agent: name, tool, taint }).rule, "default-deny");
    }),
  );
});

test("untrusted input, private access and an outward effect never run together", () => {
  fc.assert(
    fc.property(config, call, (config, call) => {
      const both = Taint.of({ source: "send", trust: "untrusted", confidentiality: "private" });
      const policy = new Policy(config);
      if (policy.tool(call.tool)?.effect === "outward") assert.ok(strictness(policy, call, both) >= STRICTNESS.ask);
    }),
  );
});

test("the rule that is named is one that was considered, with the outcome of the decision", () => {
  const outcomes = { run: "allows", ask: "asks", refuse: "refuses" } as const;
  fc.assert(
    fc.property(config, call, taint, (config, call, taint) => {
      const { decision, rule, considered } = new Policy(config).decide({ ...call, taint });
      assert.ok(considered.some((one) => one.rule === rule && one.outcome === outcomes[decision]));
    }),
  );
});
