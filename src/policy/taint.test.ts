import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { TAINT_LABELS_MAX } from "./limits.ts";
import { type Label, parseTaint, Taint } from "./taint.ts";
import { PRIVATE, UNTRUSTED } from "./testing.ts";

const label: fc.Arbitrary<Label> = fc.record({
  source: fc.oneof(fc.constant("*"), fc.stringMatching(/^[a-z][a-z0-9_.:-]{0,6}$/)),
  trust: fc.constantFrom("trusted", "untrusted"),
  confidentiality: fc.constantFrom("public", "private"),
});
const taint = fc.array(label, { maxLength: 150 }).map((labels) => Taint.of(...labels));

test("none is neither untrusted nor private; joining adds facts and names", () => {
  assert.deepEqual([Taint.none.isUntrusted, Taint.none.isPrivate, Taint.none.names()], [false, false, []]);
  const both = Taint.of(UNTRUSTED).join(Taint.of(PRIVATE), { ...PRIVATE, trust: "untrusted" });
  assert.deepEqual([both.isUntrusted, both.isPrivate], [true, true]);
  assert.deepEqual(both.names(), ["private:read_mail", "untrusted+private:read_mail", "untrusted:read_page"]);
});

test("a taint cannot be changed", () => {
  const one = Taint.of(UNTRUSTED);
  assert.throws(() => (one.labels as Label[]).pop(), TypeError);
  assert.throws(() => Object.assign(one.labels[0] as Label, { trust: "trusted" }), TypeError);
  assert.throws(() => Object.assign(one, { isUntrusted: false }), TypeError);
});

test("a label that its maker changes afterwards stays what it was", () => {
  const made = { ...UNTRUSTED };
  const one = Taint.of(made);
  (made as { trust: string }).trust = "trusted";
  assert.deepEqual(one.names(), ["untrusted:read_page"]);
});

describe("with too many sources", () => {
  const many = Array.from({ length: TAINT_LABELS_MAX }, (_, i): Label => ({ ...UNTRUSTED, source: `page_${i}` }));

  test("as many as are allowed keep their names", () => {
    assert.equal(Taint.of(...many).labels.length, TAINT_LABELS_MAX);
  });

  test("one more makes the largest kind one label; other kinds keep their names", () => {
    assert.deepEqual(Taint.of(...many, PRIVATE).names(), ["private:read_mail", "untrusted:*"]);
  });

  test("a kind that was made one label takes in what comes later", () => {
    const full = Taint.of(...many, PRIVATE);
    assert.deepEqual(full.join({ ...UNTRUSTED, source: "later" }).names(), full.names());
  });
});

test("joining is bounded, only adds facts, and does not depend on the order", () => {
  fc.assert(
    fc.property(taint, taint, (a, b) => {
      const joined = a.join(b);
      assert.ok(joined.labels.length <= TAINT_LABELS_MAX);
      assert.equal(joined.isUntrusted, a.isUntrusted || b.isUntrusted);
      assert.equal(joined.isPrivate, a.isPrivate || b.isPrivate);
      const kinds = (taint: Taint): Set<string> => new Set(taint.names().map((name) => name.replace(/:.*/, "")));
      assert.deepEqual(kinds(joined), new Set([...kinds(a), ...kinds(b)]));
      assert.deepEqual(b.join(a).names(), joined.names());
    }),
  );
});

test("what is written can be read again", () => {
  fc.assert(
    fc.property(taint, (taint) => {
      assert.deepEqual(parseTaint(JSON.parse(JSON.stringify(taint.toJson()))).toJson(), taint.toJson());
    }),
  );
});

test("what is no taint is refused, never read as none", () => {
  const wrong = [
    null,
    {},
    "",
    [null],
    [{ ...UNTRUSTED, trust: "maybe" }],
    [{ ...UNTRUSTED, more: 1 }],
    [{ source: "a" }],
  ];
  for (const json of [...wrong, Array(2000).fill(UNTRUSTED)])
    assert.throws(() => parseTaint(json), { code: "taint-invalid" }, JSON.stringify(json)?.slice(0, 80));
});
