import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONNECTIONS_MAX, LIVE_CONNECTIONS_MAX } from "../../egress/limits.ts";
import { ZtlError } from "../../errors.ts";
import { EGRESS_QUOTA_BOUNDS } from "../limits.ts";
import { Policy } from "../policy.ts";
import type { LoopConfig } from "./schema.ts";

const GRANT = { host: "api.example.com", ports: [443] };

function config(egress: unknown, more: object = {}): LoopConfig {
  return {
    agents: { agent: { role: "role" } },
    roles: { role: { tools: ["*"] } },
    tools: {
      fetch: { template: "shell", egress },
      plain: { template: "shell" },
      none: { template: "shell", egress: [] },
    },
    ...more,
  } as LoopConfig;
}

/** Where a problem is, and what is said of it. */
function problems(value: LoopConfig): string {
  try {
    new Policy(value, "/srv");
  } catch (error) {
    assert.ok(ZtlError.isInstance(error) && error.code === "config-invalid");
    return error.message;
  }
  return "";
}

describe("ways out in a configuration", () => {
  test("without a grant a tool has none, and is what it was", () => {
    const policy = new Policy(config([GRANT]), "/srv");
    for (const tool of ["plain", "none"]) {
      assert.equal(policy.egressFor("agent", tool), undefined);
      assert.equal(policy.config.tools[tool]?.effect, "none");
    }
    assert.deepEqual(policy.egressFor("agent", "fetch"), [[GRANT]]);
    assert.equal(policy.config.tools.fetch?.effect, "outward");
  });

  test("lists of role and agent narrow it; an empty one takes all away", () => {
    const role = { tools: ["*"], egress: [{ host: "*.example.com", ports: [443] }] };
    const policy = new Policy(
      config([GRANT], { roles: { role }, agents: { agent: { role: "role", egress: [] } } }),
      "/srv",
    );
    assert.deepEqual(policy.egressFor("agent", "fetch"), [[GRANT], role.egress, []]);
    assert.equal(policy.egressFor("agent", "plain"), undefined);
  });

  test("what is no grant is told with its place", () => {
    const bad: readonly [grant: unknown, place: string, message: string][] = [
      [{ host: "127.0.0.1", ports: [80] }, "tools.fetch.egress.0.host", "host's name"],
      [{ host: "https://example.com", ports: [80] }, "tools.fetch.egress.0.host", "host's name"],
      [{ host: "example.com" }, "tools.fetch.egress.0.ports", "is required"],
      [{ ...GRANT, port: 1 }, "tools.fetch.egress.0.port", "no such setting"],
      [{ ...GRANT, addresses: ["10.0.0.1/8"] }, "tools.fetch.egress.0.addresses.0", "IP address or a range"],
      [{ ...GRANT, methods: ["GET"] }, "tools.fetch.egress.0.methods", "this version does not take"],
      [{ ...GRANT, paths: ["/x"] }, "tools.fetch.egress.0.paths", "this version does not take"],
      [{ ...GRANT, inspect: true }, "tools.fetch.egress.0.inspect", "this version does not take"],
    ];
    for (const [grant, place, message] of bad) {
      const told = problems(config([grant]));
      assert.ok(told.includes(place) && told.includes(message), told);
    }
    for (const egress of [
      { names: { "Example.com": ["10.0.0.1"] } },
      { names: { "example.com": ["example.org"] } },
      { names: { "127.0.0.1": ["127.0.0.1"] } },
      { quotas: { bytesOut: -1 } },
      { quotas: { connections: 1e9 } },
      { proxy: true },
    ])
      assert.notEqual(problems(config([GRANT], { egress })), "", JSON.stringify(egress));
  });

  test("quotas have the bounds of the gate", () => {
    assert.equal(EGRESS_QUOTA_BOUNDS.liveConnections.max, LIVE_CONNECTIONS_MAX);
    assert.equal(EGRESS_QUOTA_BOUNDS.connections.max, CONNECTIONS_MAX);
  });
});
