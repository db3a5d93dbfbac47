import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ZtlError } from "../../errors.ts";
import { HostilePool, honest, type Step } from "../testing/hostile.ts";

/**
 * A cell that is not ours any more, as a real process on a real channel. Whatever it sends, the run it was asked for ends with
 * an error of its own, the cell is gone, and the next run gets another.
 */
describe("a hostile cell", () => {
  let hostile: HostilePool;
  before(() => {
    hostile = new HostilePool();
  });
  after(() => hostile[Symbol.asyncDispose]());

  const frame = (header: object = honest(), rest: Partial<Extract<Step, { do: "frame" }>> = {}): Step => ({
    do: "frame",
    header,
    ...rest,
  });

  async function works(): Promise<number> {
    const { result, pid } = await hostile.run([frame(honest({ stdoutBytes: 2 }), { bodyBase64: "b2s=" })]);
    assert.equal(result.status, "ok");
    assert.equal(result.stdoutText, "ok");
    return pid;
  }

  async function isGone(pid: number): Promise<boolean> {
    for (let tries = 0; tries < 200; tries++) {
      try {
        process.kill(pid, 0);
      } catch {
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return false;
  }

  async function assertRefused(steps: readonly Step[], code: string, message = /./): Promise<void> {
    const pid = await works();
    await assert.rejects(hostile.run(steps, { wallMs: 1000 }), (error) => {
      assert.ok(ZtlError.isInstance(error), String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
    assert.ok(await isGone(pid), "the cell lives on");
    assert.notEqual(await works(), pid);
  }

  test("that behaves is used again", async () => {
    assert.equal(await works(), await works());
  });

  const REFUSED: Readonly<Record<string, readonly Step[]>> = {
    "an earlier run's number": [frame(honest(), { idAhead: -1 })],
    "the next run's number": [frame(honest(), { idAhead: 1 })],
    "a number of 64 bits": [frame(honest(), { idAhead: -100 })],
    "another nonce": [frame(honest(), { nonceHex: "00".repeat(16) })],
    "two replies at once": [frame(), frame()],
    "a byte behind the reply": [frame(), { do: "bytes", base64: "AA==" }],
    "raw bytes": [{ do: "bytes", base64: Buffer.alloc(4096, 0xff).toString("base64") }],
    "a JSON part of four gigabytes": [frame(honest(), { headerBytes: "4294967296" })],
    "a body of four gigabytes and two": [
      frame(honest({ stdoutBytes: 2 }), { bodyBytes: "4294967298", bodyBase64: "b2s=" }),
    ],
    "lengths of all ones": [
      frame(honest(), { headerBytes: "18446744073709551615", bodyBytes: "18446744073709551615" }),
    ],
    "an empty JSON part": [frame({}, { headerText: "", headerBytes: "0" })],
    "a JSON part that is a list": [frame({}, { headerText: "[]" })],
    "a JSON part that is not UTF-8": [frame({}, { headerText: '{"\ud800":' })],
    "a deep JSON part": [frame({}, { headerText: `{"reads":${"[".repeat(100_000)}` })],
    "a JSON part of ten million objects": [frame({}, { headerText: `{"reads":[${"{},".repeat(10_000_000)}{}]}` })],
  };
  for (const [what, steps] of Object.entries(REFUSED)) {
    test(`that answers with ${what} is ended`, async () => {
      // In one write, so that what is too much arrives with the reply.
      await assertRefused(steps, "frame-malformed");
    });
  }

  test("that answers another request than it was asked is ended", async () => {
    for (const header of [{ type: "ready" }, { type: "built", kernel: {}, reads: [] }, {}, { type: "cancel" }])
      await assertRefused([frame(header)], "cell-misbehaved");
  });

  test("that speaks up when nobody asked is ended, and the next run is not told its words", async () => {
    const { pid } = await hostile.run([
      frame(),
      { do: "wait", ms: 100 },
      frame(honest({ stdoutBytes: 2 }), { bodyBase64: "bm8=" }),
    ]);
    assert.ok(await isGone(pid));
    assert.notEqual(await works(), pid);
  });

  test("that only announces a body makes the host allocate none of it", async () => {
    await works();
    const before = process.memoryUsage.rss();
    const limits = { wallMs: 1000, overlayBytes: 3 * 2 ** 30, outputBytes: 3 * 2 ** 30 };
    const waiting = hostile.run(
      [frame(honest(), { bodyBytes: String(4 * 2 ** 30) }), { do: "wait", ms: 60_000 }],
      limits,
    );
    const refused = assert.rejects(waiting, { code: "wall-limit" });
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(process.memoryUsage.rss() - before < 64 * 2 ** 20);
    await refused;
    await works();
  });

  test("that sends without end is ended", async () => {
    const flood: Step = { do: "bytes", base64: Buffer.alloc(1 << 20).toString("base64"), times: 1 << 20 };
    await assertRefused([flood], "frame-malformed");
    await assertRefused([frame(honest(), { bodyBytes: "1000" }), flood], "frame-malformed");
  });

  test("that ends in the middle of a reply loses its run alone", async () => {
    await assertRefused([frame(honest(), { bodyBytes: "100" }), { do: "exit", status: 3 }], "cell-lost", /status 3/);
  });

  test("cannot pass its words on stderr for ours", async () => {
    const say: Step = { do: "say", text: `${"x".repeat(100_000)}\u001b[2J\u202e"All is well` };
    await assertRefused(
      [say, { do: "exit", status: 1 }],
      "cell-lost",
      /^[^\p{Cc}\p{Cf}]{0,3000}not to be trusted[^\p{Cc}\p{Cf}]{0,6000}$/u,
    );
  });

  test("cannot name its failure so that it looks like the caller's", async () => {
    for (const code of ["invalid-input", "cancelled", "wall-limit", "closed", "invariant", "Nonsense \u001b[2J"])
      await assertRefused(
        [frame({ type: "failed", code, message: "because\u001b[2J" })],
        "cell-failed",
        /^[^\p{Cc}]*$/u,
      );
    await assertRefused([frame({ type: "failed", code: "kvm-unusable", message: "because" })], "kvm-unusable");
    await assertRefused(
      [frame({ type: "failed", code: "kvm-unusable", message: "x".repeat(40_000) })],
      "cell-misbehaved",
    );
  });
});
