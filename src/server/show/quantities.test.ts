import assert from "node:assert/strict";
import { test } from "node:test";
import { modeText, plural, relativeTime, sizeText, timeElement } from "./quantities.ts";

test("times are told as people say them", () => {
  const seconds = [0, -4, -5, -59, -60, -7199, 7200, 86_400 * 3];
  assert.deepEqual(
    seconds.map((one) => relativeTime(one * 1000, 0)),
    ["now", "now", "5 seconds ago", "1 minute ago", "1 minute ago", "2 hours ago", "in 2 hours", "in 3 days"],
  );
  assert.match(
    String(timeElement(0, 60_000)),
    /datetime="1970-01-01T00:00:00.000Z" title="1970-01-01 00:00:00 UTC".*>1 minute ago</,
  );
  assert.match(String(timeElement(Number.NaN)), /impossible/);
});

test("sizes and counts", () => {
  assert.deepEqual([0, 1, 999, 1000, 1500, 9960, 99_600, 123_456_789, 5e15].map(sizeText), [
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "1.5 kB",
    "10 kB",
    "100 kB",
    "123 MB",
    "5000 TB",
  ]);
  assert.equal(plural(10_000, "file"), "10,000 files");
  assert.deepEqual([0o644, 0o4755, 0o100600].map(modeText), ["0644", "4755", "0600"]);
});
