import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCount, parseDuration, parseSize } from "./units.ts";
import { UsageError } from "./usage-error.ts";

test("durations", () => {
  const cases: Record<string, number> = {
    "30": 30_000,
    "500ms": 500,
    "1.5s": 1500,
    "2m": 120_000,
    "1h": 3_600_000,
    "10S": 10_000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration("timeout", text), ms, text);
});

test("sizes are powers of 1024 however they are written", () => {
  const cases: Record<string, number> = {
    "4096": 4096,
    "64k": 65_536,
    "1M": 2 ** 20,
    "1MB": 2 ** 20,
    "1MiB": 2 ** 20,
    "1.5g": 1.5 * 2 ** 30,
  };
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseSize("memory", text), bytes, text);
});

test("counts", () => assert.equal(parseCount("processes", "12"), 12));

test("anything else is a usage error that shows what is wanted", () => {
  for (const text of ["", "x", "-1", "0", "1 s", "1d", "1e3", "0x10", "99999999999999999999s", "1.2.3", "m"]) {
    assert.throws(() => parseDuration("timeout", text), UsageError, text);
    assert.throws(() => parseSize("memory", text), UsageError, text);
    assert.throws(() => parseCount("processes", text), UsageError, text);
  }
});
