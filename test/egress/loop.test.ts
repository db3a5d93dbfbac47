import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listPermissions } from "../../src/cli/policy-report.ts";
import { serve } from "../../src/egress/testing.ts";
import type { Agent, LoopConfig } from "../../src/index.ts";
import type { Body } from "../../src/ledger/index.ts";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { Taint } from "../../src/policy/index.ts";
import { kvmMissing } from "../kvm.ts";

const HOSTS = ["server.test", "role.test", "agent.test"] as const;

interface World extends TestLoop {
  readonly port: number;
  readonly connections: () => number;
}

/** A tool that may connect to three names; the role knows two of them, and one agent one. */
async function open(
  t: TestContext,
  take: Parameters<typeof serve>[1] = (socket) => void socket.end("hi"),
): Promise<World> {
  const { port, sockets } = await serve(t, take);
  const grants = (...hosts: string[]) => hosts.map((host) => ({ host, ports: [port], addresses: ["127.0.0.1"] }));
  const world = await openTestLoop(
    (config): LoopConfig => ({
      ...config,
      agents: {
        ...config.agents,
        free: { role: "free" },
        narrow: { role: "connecting", egress: grants("server.test") },
        wide: { role: "connecting" },
      },
      roles: {
        ...config.roles,
        free: { tools: ["connect", "python"] },
        connecting: { tools: ["connect"], egress: grants("server.test", "role.test") },
      },
      tools: { ...config.tools, connect: { template: "python", egress: grants(...HOSTS) } },
      egress: { names: Object.fromEntries(HOSTS.map((host) => [host, ["127.0.0.1"]])), quotas: { connections: 20 } },
    }),
  );
  t.after(() => world[Symbol.asyncDispose]());
  return { ...world, port, connections: () => sockets.size };
}

const TRY = (port: number): string => `
import socket
for host in ${JSON.stringify(HOSTS)}:
  try: print(host, socket.create_connection((host, ${port})).recv(9).decode())
  except OSError as error: print(host, 'no')`;

const entriesOf = ({ loop }: World): Body<"egress">[] =>
  loop.ledger.query({ kind: "egress" }).map(({ body }) => body as Body<"egress">);

describe("ways out through the loop", { skip: kvmMissing() }, () => {
  test("a tool's grants hold, narrowed by role and agent, and each connection is in the ledger", async (t) => {
    const world = await open(t);
    const lines = async (agent: string): Promise<string[]> => {
      const result = await talk(world.loop, agent).call({ tool: "connect", input: { code: TRY(world.port) } });
      assert.equal(result.status, "ok", JSON.stringify(result));
      return HOSTS.map(
        (host) => /\S+$/.exec(result.forModel.text.split("\n").find((line) => line.includes(host)) ?? "")?.[0] ?? "",
      );
    };
    assert.deepEqual(await lines("free"), ["hi", "hi", "hi"]);
    assert.deepEqual(await lines("wide"), ["hi", "hi", "no"]);
    assert.deepEqual(await lines("narrow"), ["hi", "no", "no"]);
    assert.equal(world.connections(), 6);
    const entries = entriesOf(world);
    assert.deepEqual(
      entries.map(({ connections }) =>
        connections?.map(({ host, address, outcome, bytesIn }) => [host, address, outcome, bytesIn]),
      ),
      [HOSTS, HOSTS.slice(0, 2), HOSTS.slice(0, 1)].map((hosts) =>
        hosts.map((host) => [host, "127.0.0.1", "closed", 2]),
      ),
    );
    assert.deepEqual(
      entries.map(({ bytesIn, count }) => [bytesIn, count]),
      [
        [6, 3],
        [4, 2],
        [2, 1],
      ],
    );
  });

  test("an agent made for one task has no more of a way out than it is given, and than whoever made it has", async (t) => {
    const { loop, port } = await open(t);
    const to = (...hosts: string[]) => hosts.map((host) => ({ host, ports: [port], addresses: ["127.0.0.0/8"] }));
    const reached = async (agent: Agent): Promise<string[]> => {
      const { forModel } = await agent.conversation().call({ tool: "connect", input: { code: TRY(port) } });
      return HOSTS.filter((host) => forModel.text.includes(`${host} hi`));
    };
    const one = loop.agent("free", { egress: to("role.test") });
    assert.deepEqual(await reached(one), ["role.test"]);
    // What it gives on is part of what it has, whatever it says and whatever the other's role grants.
    assert.deepEqual(await reached(one.sub("free")), ["role.test"]);
    assert.deepEqual(await reached(one.sub("free", { egress: to(...HOSTS) })), ["role.test"]);
    assert.deepEqual(await reached(one.sub("free", { egress: to("agent.test") })), []);
    assert.deepEqual(await reached(one.sub("narrow")), []);
    assert.deepEqual(await reached(loop.agent("free", { egress: [] })), []);
    // Rights grant nothing that the configuration does not.
    assert.deepEqual(await reached(loop.agent("narrow", { egress: to(...HOSTS) })), ["server.test"]);
    const wrong = { name: "ZtlError", code: "invalid-input" };
    assert.throws(() => loop.agent("free", { egress: [{ host: "127.0.0.1", ports: [port] }] }), wrong);
    assert.throws(() => {
      let agent = one;
      for (let times = 0; times < 20; times++) agent = agent.sub("free", { egress: [] });
    }, wrong);
  });

  test("such a tool acts outward, its runs are not repeatable, and another tool has no network", async (t) => {
    const world = await open(t);
    const { policy } = world.loop;
    const [label] = Taint.of({ source: "page", trust: "untrusted", confidentiality: "private" }).labels;
    assert.ok(label !== undefined);
    assert.equal(policy.tool("connect")?.effect, "outward");
    assert.equal(policy.decide({ agent: "free", tool: "connect", taint: Taint.of(label) }).decision, "ask");
    const conversation = talk(world.loop, "free");
    const { runId } = await conversation.call({ tool: "connect", input: { code: TRY(world.port) } });
    const runs = world.loop.ledger.query({ kind: "run" }).filter((entry) => entry.runId === runId);
    assert.equal(runs.length, 1);
    assert.ok(runs.every(({ body }) => !("replay" in body) && !("replayContent" in body)));
    const before = world.connections();
    const result = await conversation.call({ tool: "python", input: { code: TRY(world.port) } });
    assert.match(result.forModel.text, /server\.test no/);
    assert.equal(world.connections(), before);
    assert.equal(entriesOf(world).length, 1);
  });

  test("a breaker cuts an upload in mid-flight, before its opening is answered", async (t) => {
    let received = 0;
    const world = await open(t, (socket) => {
      socket.on("data", (bytes) => {
        received += bytes.length;
      });
    });
    let ended = "";
    const code = `
import socket
s = socket.create_connection(('server.test', ${world.port}))
while True: s.sendall(b'secret' * 10000)`;
    const calling = talk(world.loop, "free").call({ tool: "connect", input: { code } });
    while (received < 5_000_000) await sleep(5);
    const opening = world.loop.breakers.open({ agent: "free", by: "someone", message: "a command chain" });
    await opening;
    const atAlarm = received;
    await sleep(300);
    assert.equal(received, atAlarm, "nothing came after it was answered");
    const result = await calling;
    ended = result.status;
    assert.notEqual(ended, "ok");
    const [entry] = entriesOf(world);
    assert.match(entry?.severed ?? "", /a command chain/);
    assert.deepEqual(
      entry?.connections?.map(({ outcome }) => outcome),
      ["severed"],
    );
    assert.ok((entry?.bytesOut ?? 0) >= received);
    const again = await talk(world.loop, "free").call({ tool: "connect", input: { code: TRY(world.port) } });
    assert.equal(again.status, "refused");
    assert.equal(world.connections(), 1);
  });

  test("ztl policy tells where tools may connect to", async (t) => {
    const { loop, port } = await open(t);
    const text = listPermissions(loop.policy, "ztl.config.json");
    const at = (host: string): string => `${host}:${port}, at 127.0.0.1 only`;
    assert.ok(text.includes(`  free, connect: ${HOSTS.map(at).join("; ")}\n`), text);
    assert.ok(
      text.includes(
        `  narrow, connect: ${HOSTS.map(at).join("; ")}; of these only: ${HOSTS.slice(0, 2).map(at).join("; ")}; of these only: ${at("server.test")}\n`,
      ),
      text,
    );
  });
});
