import assert from "node:assert/strict";
import { test } from "node:test";
import { HostClock, VirtualClock } from "./clock.ts";
import { RandomSource } from "./random.ts";

test("counted time moves with calls, and over pauses at once", () => {
  const clock = new VirtualClock(1_800_000_000_000);
  const before = clock.realtimeNs();
  assert.equal(before, 1_800_000_000_000n * 1_000_000n);
  clock.tick();
  assert.ok(clock.realtimeNs() > before);
  assert.equal(clock.realtimeNs() - clock.monotonicNs(), clock.realtimeOffsetNs);
  const spent = clock.takeSpentMs();
  assert.ok(spent > 0);
  assert.equal(clock.skipTo(clock.nowMs() + 60_000), true);
  assert.equal(clock.takeSpentMs(), 0, "a pause is not used time");
  const now = clock.nowMs();
  clock.skipTo(now - 1);
  assert.equal(clock.nowMs(), now, "it never goes back");
});

test("its monotonic clock is ahead of any host's, also for dates long ago", () => {
  for (const clockMs of [0, 1_700_000_000_001, 4_000_000_000_000]) {
    const clock = new VirtualClock(clockMs);
    assert.equal(clock.realtimeNs(), BigInt(clockMs) * 1_000_000n);
    assert.ok(clock.monotonicNs() > 0n);
  }
});

test("the host's clock waits, and is the host's", () => {
  const clock = new HostClock();
  assert.equal(clock.skipTo(clock.nowMs() + 1000), false);
  assert.ok(Math.abs(Number(clock.realtimeNs() / 1_000_000n) - Date.now()) < 1000);
});

test("one seed gives one stream, however it is asked for; no seed gives another each time", () => {
  const stream = (seed: string | undefined, sizes: number[]): string => {
    const source = new RandomSource();
    source.begin(seed === undefined ? undefined : Buffer.from(seed, "hex"));
    return Buffer.concat(sizes.map((size) => source.fill(new Uint8Array(size)))).toString("hex");
  };
  const one = stream("00".repeat(16), [10_000]);
  assert.equal(stream("00".repeat(16), [1, 4095, 4097, 1807]), one);
  assert.notEqual(stream("01".repeat(16), [10_000]), one);
  assert.notEqual(stream(undefined, [32]), stream(undefined, [32]));
  assert.ok(new Set(one.match(/../g)).size === 256, "no byte is missing in 10,000");
});

test("calls that may be counted later end before what is due at the very call that counting each finds it due", () => {
  const clock = new VirtualClock(0);
  for (let round = 0; round < 3000; round++) {
    const dueMs = clock.nowMs() + (round % 40) / 4;
    const counted = clock.callsBefore(dueMs, 256);
    for (let i = 0; i < counted; i++) clock.tick();
    assert.ok(counted === 0 || clock.nowMs() < dueMs, `${counted} calls before ${dueMs}`);
    clock.tick();
    // One less than possible only makes one more call leave the guest.
    if (clock.nowMs() < dueMs) clock.tick();
    assert.ok(clock.nowMs() >= dueMs);
    if (round % 7 === 0) clock.skipTo(clock.nowMs() + 1 / 3);
  }
  assert.equal(clock.callsBefore(Number.POSITIVE_INFINITY, 256), 256);
});
