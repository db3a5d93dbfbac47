import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SECRET_FILES } from "./config/secrets.ts";
import { Policy } from "./policy.ts";
import { Taint } from "./taint.ts";
import { PRIVATE, SAMPLE, samplePolicy, taintWith, UNTRUSTED } from "./testing.ts";

const policy = samplePolicy();

describe("every rule and its decision", () => {
  const tainted = Taint.of(UNTRUSTED);
  const cases: readonly [agent: string, tool: string, taint: Taint, decision: string, rule: string][] = [
    ["researcher", "read_page", Taint.none, "run", "roles.reader.tools"],
    ["researcher", "read_pdf", tainted, "run", "roles.reader.tools"],
    ["writer", "read_page", Taint.none, "run", "roles.editor.tools"],
    ["nobody", "read_page", Taint.none, "refuse", "default-deny"],
    ["researcher", "nothing", Taint.none, "refuse", "default-deny"],
    ["researcher", "deploy", Taint.none, "refuse", "default-deny"],
    ["researcher", "read_secret", Taint.none, "ask", "roles.reader.ask"],
    ["writer", "read_secret", Taint.none, "run", "roles.editor.tools"],
    ["writer", "deploy", Taint.none, "ask", "tools.deploy.ask"],
    ["writer", "edit", Taint.none, "run", "roles.editor.tools"],
    ["writer", "edit", tainted, "ask", "tools.edit.ask"],
    ["writer", "edit", Taint.of(PRIVATE), "run", "roles.editor.tools"],
    ["researcher", "send_mail", tainted, "run", "roles.reader.tools"],
    ["researcher", "send_mail", Taint.of(PRIVATE), "run", "roles.reader.tools"],
    ["researcher", "send_mail", Taint.of(UNTRUSTED, PRIVATE), "ask", "rule-of-two"],
    ["writer", "deploy", Taint.of(UNTRUSTED, PRIVATE), "ask", "rule-of-two"],
  ];
  for (const [agent, tool, taint, decision, rule] of cases)
    test(`${agent} calls ${tool} with [${taint.names()}]: ${decision} by ${rule}`, () => {
      const found = policy.decide({ agent, tool, taint });
      assert.deepEqual([found.decision, found.rule], [decision, rule]);
      assert.notEqual(found.reason, "");
    });
});

test("a decision tells every rule that was looked at", () => {
  const { considered } = policy.decide({ agent: "researcher", tool: "read_secret", taint: Taint.of(UNTRUSTED) });
  assert.deepEqual(
    considered.map(({ rule, outcome }) => [rule, outcome]),
    [
      ["agents.researcher", "allows"],
      ["roles.reader.tools", "allows"],
      ["roles.reader.ask", "asks"],
      ["tools.read_secret.ask", "does-not-apply"],
      ["rule-of-two", "does-not-apply"],
    ],
  );
  assert.equal(
    considered.at(-1)?.why,
    "This call has untrusted input and private access.",
    "the rule of two tells which of the three it saw",
  );
});

test("where several rules ask, all give their reason", () => {
  const { reason } = policy.decide({
    agent: "writer",
    tool: "deploy",
    taint: taintWith({ isUntrusted: true, isPrivate: true }),
  });
  assert.match(
    reason,
    /before deploy is used\..*bring together untrusted input, private access and an outward effect\.$/,
  );
});

describe("the rule of two, all eight combinations", () => {
  for (const isUntrusted of [false, true])
    for (const isPrivate of [false, true])
      for (const isOutward of [false, true]) {
        const expected = isUntrusted && isPrivate && isOutward ? "ask" : "run";
        const title = `untrusted ${isUntrusted}, private ${isPrivate}, outward ${isOutward}: ${expected}`;
        const effect = isOutward ? "outward" : "none";

        test(`${title}; from the conversation`, () => {
          const found = policyFor({ external: true, effect }).decide({
            agent: "a",
            tool: "t",
            taint: taintWith({ isUntrusted, isPrivate }),
          });
          assert.equal(found.decision, expected);
        });

        test(`${title}; from the call's own mounts`, () => {
          const trust = isUntrusted ? "untrusted" : "trusted";
          const confidentiality = isPrivate ? "private" : "public";
          const mounts = [{ host: "/data", guest: "/data", mode: "ro", trust, confidentiality }] as const;
          const found = policyFor({ template: "exec", effect, mounts }).decide({
            agent: "a",
            tool: "t",
            taint: Taint.none,
          });
          assert.equal(found.decision, expected);
        });
      }

  test("what nobody has labelled is taken for untrusted and private", () => {
    const mounts = [{ host: "/data", guest: "/data", mode: "ro" }] as const;
    const policy = policyFor({ template: "exec", effect: "outward", mounts });
    assert.equal(policy.decide({ agent: "a", tool: "t", taint: Taint.none }).rule, "rule-of-two");
  });

  test("a tool whose output is said to be private has private access", () => {
    const tool: Tool = { external: true, effect: "outward", output: { confidentiality: "private" } };
    const call = { agent: "a", tool: "t", taint: Taint.of(UNTRUSTED) };
    assert.equal(policyFor(tool).decide(call).rule, "rule-of-two");
  });
});

type Tool = (typeof SAMPLE.tools)[string];

function policyFor(tool: Tool): Policy {
  return new Policy({ agents: { a: { role: "r" } }, roles: { r: { tools: ["t"] } }, tools: { t: tool } });
}

test("messages between agents: only where the sender may, whatever the receiver may", () => {
  const cases = [
    ["researcher", "writer", "run", "agents.researcher.mayMessage"],
    ["researcher", "team_lead", "run", "agents.researcher.mayMessage"],
    ["researcher", "researcher", "refuse", "default-deny"],
    ["writer", "researcher", "refuse", "default-deny"],
    ["researcher", "team_nobody", "refuse", "default-deny"],
    ["nobody", "writer", "refuse", "default-deny"],
  ] as const;
  for (const [from, to, decision, rule] of cases) {
    const found = policy.decideMessage({ from, to });
    assert.deepEqual([found.decision, found.rule], [decision, rule], `${from} to ${to}`);
  }
});

test("what a tool returns is untrusted unless said otherwise, and private when it can see something private", () => {
  const labels = Object.fromEntries(
    Object.keys(SAMPLE.tools).map((tool) => [tool, Taint.of(policy.labelOf(tool)).names()[0]]),
  );
  assert.deepEqual(labels, {
    read_page: "untrusted:read_page",
    read_pdf: "untrusted:read_pdf",
    read_secret: "untrusted+private:read_secret",
    send_mail: "trusted:send_mail",
    clock: "trusted:clock",
    deploy: "untrusted:deploy",
    edit: "untrusted+private:edit",
    valueOf: "untrusted:valueOf",
  });
  assert.throws(() => policy.labelOf("nothing"), { code: "unknown-tool" });

  const mounts = [{ host: "/data", guest: "/data", mode: "ro" }] as const;
  const declared = policyFor({ template: "exec", mounts, output: { confidentiality: "public" } });
  assert.equal(declared.labelOf("t").confidentiality, "public", "its owner's word stands");
});

test("of the limits of tool and role the smaller one holds", () => {
  assert.deepEqual(policy.limitsFor("researcher", "read_pdf"), {
    wallMs: 5000,
    cpuMs: 1000,
    memoryBytes: 64 * 2 ** 20,
  });
  assert.deepEqual(policy.limitsFor("writer", "read_pdf"), { wallMs: 20_000, cpuMs: 1000 });
  assert.deepEqual(policy.limitsFor("writer", "clock"), {});
  assert.throws(() => policy.limitsFor("nobody", "clock"), { code: "unknown-agent" });
  assert.throws(() => policy.limitsFor("writer", "nothing"), { code: "unknown-tool" });
});

test("defaults are filled in and relative paths begin at the configuration's directory", () => {
  const tool = policy.tool("read_secret");
  assert.ok(tool !== undefined && !tool.external);
  assert.deepEqual(
    [tool.ask, tool.effect, tool.replay, tool.onFlag, tool.output],
    ["never", "none", true, "withhold", { trust: "untrusted" }],
  );
  const exclude = [...SECRET_FILES];
  assert.deepEqual(tool.mounts, [
    { host: "/srv/agent/vault", guest: "/vault", mode: "ro", trust: "untrusted", confidentiality: "private", exclude },
  ]);
  assert.equal(policy.tool("nothing"), undefined);
});

test("changing the object a policy was made from changes nothing", () => {
  const config = structuredClone(SAMPLE) as unknown as { roles: Record<string, { tools: string[] }>; agents: object };
  const own = new Policy(config as unknown as typeof SAMPLE);
  const { hash } = own;
  config.roles.reader?.tools.push("*");
  Object.assign(config.agents, { intruder: { role: "editor" } });
  assert.equal(own.decide({ agent: "researcher", tool: "deploy", taint: Taint.none }).decision, "refuse");
  assert.equal(own.decide({ agent: "intruder", tool: "deploy", taint: Taint.none }).decision, "refuse");
  assert.equal(own.hash, hash);
  assert.throws(() => Object.assign(own.config.agents, { intruder: { role: "editor" } }), TypeError);
});

describe("the hash", () => {
  const hashOf = (change: object): string => new Policy({ ...SAMPLE, ...change }, "/srv/agent").hash;

  test("is the same for what means the same", () => {
    const reversed = Object.fromEntries(Object.entries(SAMPLE.tools).reverse());
    assert.match(policy.hash, /^[0-9a-f]{64}$/);
    assert.equal(hashOf({ tools: reversed }), policy.hash);
    assert.equal(hashOf({ $schema: "./somewhere.json" }), policy.hash);
    assert.equal(hashOf({ tools: { ...SAMPLE.tools, valueOf: { template: "exec", ask: "never" } } }), policy.hash);
    assert.equal(new Policy(policy.config, "/elsewhere").hash, policy.hash, "a checked one stays what it is");
  });

  test("tells nothing of the value of a variable, which may be a secret, only its name", () => {
    const withEnv = (env: Record<string, string>): string =>
      hashOf({ tools: { ...SAMPLE.tools, valueOf: { template: "exec", env } } });
    assert.equal(withEnv({ TOKEN: "1234", HOME: "/x" }), withEnv({ HOME: "/y", TOKEN: "5678" }));
    assert.notEqual(withEnv({ TOKEN: "1234" }), withEnv({ OTHER: "1234" }));
    assert.notEqual(withEnv({}), policy.hash);
  });

  test("differs when a grant, a limit or a mount does", () => {
    const hashes = [
      policy.hash,
      hashOf({ tools: { ...SAMPLE.tools, valueOf: { template: "exec", ask: "always" } } }),
      hashOf({ roles: { ...SAMPLE.roles, editor: { tools: ["*", "edit"] } } }),
      hashOf({ roles: { ...SAMPLE.roles, editor: { tools: ["*"], limits: { wallMs: 1 } } } }),
      new Policy(SAMPLE, "/srv/other").hash,
    ];
    assert.equal(new Set(hashes).size, hashes.length);
  });
});
