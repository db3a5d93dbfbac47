import assert from "node:assert/strict";
import { test } from "node:test";
import { type ByteString, toByteString } from "./byte-string.ts";
import { PathGlobs } from "./path-globs.ts";

const CASES: readonly (readonly [pattern: string, covered: readonly string[], others: readonly string[]])[] = [
  [".env", [".env", "a/b/.env", ".env/x"], [".envrc", "x.env", ".ENV", "env", ".env2/x"]],
  [".env.*", [".env.local", "a/.env.a.b"], [".env", "a.env.b"]],
  ["*.pem", ["a.pem", ".pem", "x/y.pem/z"], ["a.pem2", "apem"]],
  [".aws/**", [".aws", "a/.aws", ".aws/credentials"], ["aws", ".aws2"]],
  [
    ".docker/config.json",
    [".docker/config.json", "h/.docker/config.json"],
    [".docker", "config.json", ".docker/a/config.json"],
  ],
  ["/top", ["top", "top/x"], ["a/top"]],
  ["a/**/z", ["a/z", "a/b/z", "a/b/c/z/d"], ["a", "az", "a/b"]],
  ["?x", ["ax", "b/cx"], ["x", "aax"]],
  ["key[1]+(a)", ["key[1]+(a)"], ["key1", "key1a"]],
  ["schlüssel", ["schlüssel"], ["schlussel"]],
  ["/**", ["a", "b/c"], []],
  ["**", ["a", "b/c"], []],
  ["/", [], ["a"]],
];

for (const [pattern, covered, others] of CASES) {
  test(`the paths that ${pattern} covers`, () => {
    const globs = new PathGlobs([pattern, "never/fits"]);
    for (const path of covered) assert.ok(globs.covers(toByteString(path)), path);
    for (const path of others) assert.ok(!globs.covers(toByteString(path)), path);
  });
}

test("names are bytes, line breaks and all", () => {
  const globs = new PathGlobs(["*.key"]);
  assert.ok(globs.covers("a\n\xff.key" as ByteString));
  assert.ok(!globs.covers("a.key\n" as ByteString));
  assert.ok(!new PathGlobs([]).covers("a" as ByteString));
});
