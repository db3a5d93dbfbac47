import assert from "node:assert/strict";
import { EgressGate, FixedNames } from "../../src/egress/index.ts";
import { ZtlError } from "../../src/errors.ts";
import { answerQuery } from "../../src/linux/net/out/dns.ts";
import { EgressRelay } from "../../src/sandbox/egress-relay.ts";
import type { Fuzzer, Random } from "../fuzzer.ts";
import { mutateJson } from "../mutate-json.ts";

/** An input is either a question to the guest's resolver, or a list of messages that a cell may send of its connections. */
const RESOLVER = 0;
const MESSAGES = 1;
const BYTES_MAX = 64 * 1024;

const NO_NAMES = new FixedNames({});

function message(random: Random): unknown {
  const op = random.pick(["open", "open", "data", "end", "close", "reset", "read"]);
  const id = random.below(4);
  const host = random.pick(["server.test", "evil.test", "127.0.0.1", "server.test."]);
  const port = random.pick([80, 0, 443, 65_536]);
  const members = { open: { host, port }, read: { bytes: random.below(3) } }[op as string] ?? {};
  return [mutateJson({ type: "egress", op, id, ...members }, random, random.below(8) === 0 ? 1 : 0), random.below(9)];
}

function makeQuestion(random: Random): Uint8Array {
  const labels = Array.from({ length: random.below(5) }, () => random.bytes(random.below(70)));
  const name = Buffer.concat(labels.map((label) => Buffer.concat([Buffer.of(label.length), label])));
  const head = Buffer.from([
    1,
    2,
    random.pick([1, 0x81, random.below(256)]),
    0,
    0,
    random.pick([1, 1, 1, 0, 2]),
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  const tail = Buffer.from([0, 0, random.pick([1, 28, 255]), 0, 1]);
  const whole = Buffer.concat([head, name, tail, random.bytes(random.below(20))]);
  return random.below(4) === 0 ? whole.subarray(0, random.below(whole.length)) : whole;
}

function checkQuestion(bytes: Uint8Array): void {
  const asked: string[] = [];
  const answer = answerQuery(bytes, (name) => {
    asked.push(name);
    return Uint8Array.of(198, 18, 1, 0);
  });
  for (const name of asked) assert.match(name, /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/);
  // Never longer than what is cut off for lack of EDNS (RFC 1035, 4.2.1).
  assert.ok(answer === undefined || (answer.length >= 12 && answer.length <= 512));
}

function checkMessages(bytes: Uint8Array): void {
  let messages: unknown;
  try {
    messages = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return;
  }
  if (!Array.isArray(messages)) return;
  const gate = new EgressGate({
    grants: [[{ host: "server.test", ports: [80] }]],
    resolver: NO_NAMES,
    quotas: { connections: 4 },
  });
  const { aside } = new EgressRelay(gate, () => {});
  try {
    for (const one of messages) {
      if (!Array.isArray(one) || typeof one[0] !== "object" || one[0] === null || Array.isArray(one[0])) return;
      const length = Number.isInteger(one[1]) && one[1] >= 0 && one[1] <= BYTES_MAX ? one[1] : 0;
      aside.take(one[0], Buffer.alloc(length));
    }
  } catch (error) {
    assert.ok(ZtlError.isInstance(error) && error.code === "cell-misbehaved", String(error));
  } finally {
    gate.sever("over");
  }
  assert.equal(gate.liveConnections, 0);
  assert.ok(gate.records.length <= 4);
  // Nothing was sent: no connection was there.
  assert.deepEqual(gate.bytes, { out: 0, in: 0 });
}

/** What a guest sends to its resolver, and what a cell that is not ours any more says of connections. */
export const fuzzer: Fuzzer = {
  what: "questions to the guest's resolver, and what a cell says of connections to the egress gate",
  make: (random) => {
    if (random.below(2) === RESOLVER) return Buffer.concat([Buffer.of(RESOLVER), makeQuestion(random)]);
    const messages = Array.from({ length: 1 + random.below(6) }, () => message(random));
    return Buffer.concat([Buffer.of(MESSAGES), Buffer.from(JSON.stringify(messages))]);
  },
  check: (input) => {
    const rest = input.subarray(1);
    if (input[0] === RESOLVER) checkQuestion(rest);
    else if (input[0] === MESSAGES) checkMessages(rest);
  },
};
