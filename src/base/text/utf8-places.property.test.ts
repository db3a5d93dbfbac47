import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Utf8Places } from "./utf8-places.ts";

test("the place of each character in the UTF-8 is the length of what stands before it", () => {
  const signs = fc.constantFrom("a", "é", "€", "\u{1f600}", "\ud800", "\udc00");
  fc.assert(
    fc.property(fc.string({ unit: signs }), (text) => {
      const places = new Utf8Places(text);
      let unit = 0;
      for (const character of text) {
        assert.equal(places.at(unit), Buffer.byteLength(text.slice(0, unit)));
        unit += character.length;
      }
      assert.equal(places.at(text.length), Buffer.byteLength(text));
    }),
  );
});
