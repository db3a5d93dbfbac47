import assert from "node:assert/strict";
import { test } from "node:test";
import { hiddenKind, withoutIgnorables } from "../../base/text/index.ts";
import { isBidi, isInvisible, isTag, isVariationSelector } from "./invisible.ts";

test("what the guard takes for invisible is what the table of visible characters says", () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    const kind = hiddenKind(point);
    const name = `U+${point.toString(16)}`;
    // Format characters that do show, such as the Arabic number signs, are read as what they are.
    const isDefaultIgnorable = withoutIgnorables(String.fromCodePoint(point)) === "";
    const isAnnotation = point >= 0xfff9 && point <= 0xfffb;
    if (isInvisible(point) !== (isDefaultIgnorable || isAnnotation)) assert.fail(name);
    if (isBidi(point) !== (kind === "bidi") || isTag(point) !== (kind === "tag")) assert.fail(name);
    // The Mongolian selectors are not among them here: four of them carry no data.
    if (isVariationSelector(point) && kind !== "variation-selector") assert.fail(name);
  }
});
