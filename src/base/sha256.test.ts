import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sha256, sha256Hex, sha256Stream } from "./sha256.ts";

test("the examples of FIPS 180-4", () => {
  assert.equal(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(
    sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("pieces, parts and the whole have one hash; a text has that of its UTF-8", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), fc.string({ unit: "binary" }), (parts, text) => {
      const whole = Buffer.concat(parts);
      const stream = sha256Stream();
      for (const part of parts) stream.update(part);
      assert.equal(stream.digest("hex"), sha256Hex(whole));
      assert.equal(sha256(...parts).toString("hex"), sha256Hex(whole));
      assert.equal(sha256Hex(text), sha256Hex(Buffer.from(text, "utf8")));
    }),
  );
});
