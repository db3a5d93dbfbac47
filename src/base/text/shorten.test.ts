import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutPlace, oneLine, plainText } from "./index.ts";

test("nothing is torn apart that belongs together", () => {
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}";
  for (const whole of ["e\u0301", "\u{1f44d}\u{1f3fd}", "\u2764\ufe0f", family, "\u{1f600}"])
    for (let at = 2; at < 2 + whole.length; at++)
      assert.equal(cutPlace(`ab${whole}c`, at), 2, JSON.stringify([whole, at]));
  assert.equal(cutPlace("abc", 2), 2);
  assert.equal(cutPlace("abc", 9), 3);
});

test("a pile of marks is cut all the same, near the place", () => {
  const pile = `a${"\u0301\u0302".repeat(1000)}`;
  assert.equal(cutPlace(pile, 500), 500);
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.nat(40), (text, at) => {
      const place = cutPlace(text, at);
      assert.ok(place <= Math.max(at, 0) && place >= Math.min(at, text.length) - 21);
      assert.ok(text.slice(0, place).isWellFormed() && text.slice(place).isWellFormed());
    }),
  );
});

test("ordinary white space becomes one space, other kinds stay to be seen", () => {
  assert.equal(oneLine("  a \n\t b\r\n"), "a b");
  assert.equal(plainText(oneLine("rm\u00a0-rf\u3000/ \u2028\ufeff")), "rm⟦U+00A0⟧-rf⟦U+3000⟧/ ⟦U+2028 U+FEFF⟧");
});
