import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { answerQuery, type Looked } from "./dns.ts";

const ADDRESS = Uint8Array.of(198, 18, 1, 0);
const look = (name: string): Looked => (name === "api.test" ? ADDRESS : name === "full.test" ? "full" : "unknown");

function query(name: string, { type = 1, flags = 0x0100, questions = 1, cls = 1 } = {}): Buffer {
  const labels = name === "" ? [] : name.split(".");
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xabcd, 0);
  head.writeUInt16BE(flags, 2);
  head.writeUInt16BE(questions, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(cls, 2);
  const parts = labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")]));
  return Buffer.concat([head, ...parts, Buffer.of(0), tail]);
}

/** Response code, number of answers, and the address if there is one. */
function asked(bytes: Uint8Array): [code: number, answers: number, address?: string] {
  const answer = Buffer.from(answerQuery(bytes, look) ?? assert.fail("no answer"));
  assert.equal(answer.readUInt16BE(0), 0xabcd);
  assert.ok((answer.readUInt16BE(2) & 0x8000) !== 0);
  const count = answer.readUInt16BE(6);
  const code = answer.readUInt16BE(2) & 15;
  return count === 0 ? [code, count] : [code, count, answer.subarray(-4).join(".")];
}

describe("the guest's resolver", () => {
  test("gives a granted name its address, in whatever case it is asked for", () => {
    assert.deepEqual(asked(query("api.test")), [0, 1, "198.18.1.0"]);
    const mixed = query("aPi.TeSt");
    assert.deepEqual(asked(mixed), [0, 1, "198.18.1.0"]);
    const answer = Buffer.from(answerQuery(mixed, look) as Uint8Array);
    assert.deepEqual(answer.subarray(12, mixed.length), mixed.subarray(12), "the question is repeated as it was asked");
  });

  test("has no address of IPv6 and no other record for it, and says that it exists", () => {
    for (const type of [28, 15, 16, 33, 65, 255]) assert.deepEqual(asked(query("api.test", { type })), [0, 0]);
  });

  test("knows no other name", () => {
    for (const name of ["evil.test", "x.api.test", "api.test.evil.test", "", "test", "api", "1.0.18.198.in-addr.arpa"])
      assert.deepEqual(asked(query(name)), [3, 0], name);
    for (const name of ["a b.test", "api\0.test", "ap\xedi.test", "-api.test", "api-.test", "*.test", "K\x8aI.test"])
      assert.deepEqual(asked(query(name)), [3, 0], JSON.stringify(name));
  });

  test("says what it cannot do, and drops what is no question", () => {
    assert.deepEqual(asked(query("full.test")), [2, 0]);
    assert.deepEqual(asked(query("api.test", { questions: 2 })), [1, 0]);
    assert.deepEqual(asked(query("api.test", { questions: 0 })), [1, 0]);
    assert.deepEqual(asked(query("api.test", { cls: 3 })), [5, 0]);
    assert.deepEqual(asked(query("api.test", { flags: 0x2800 })), [4, 0]);
    assert.equal(answerQuery(query("api.test", { flags: 0x8100 }), look), undefined);
    assert.equal(answerQuery(Buffer.alloc(11), look), undefined);
  });

  test("a question that is cut, points elsewhere or is too long is a format error", () => {
    const whole = query("api.test");
    for (let length = 12; length < whole.length; length++) assert.deepEqual(asked(whole.subarray(0, length)), [1, 0]);
    assert.deepEqual(asked(Buffer.concat([whole.subarray(0, 12), Buffer.of(0xc0, 0x0c, 0, 1, 0, 1)])), [1, 0]);
    assert.deepEqual(asked(query("a.".repeat(130).slice(0, -1))), [1, 0]);
  });

  test("any bytes: no answer, or one that repeats the question and is no longer than a datagram's part", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const answer = answerQuery(bytes, () => ADDRESS);
        assert.ok(answer === undefined || answer.length <= 12 + 255 + 4 + 16);
      }),
    );
  });
});
