import assert from "node:assert/strict";
import { ZtlError } from "../../src/errors.ts";
import type { RunResult } from "../../src/sandbox/result.ts";
import { HostilePool, honest, type Step } from "../../src/sandbox/testing/hostile.ts";
import type { Fuzzer, Random } from "../fuzzer.ts";
import { mutateJson } from "../mutate-json.ts";

/** Short, since a cell that says nothing costs all of it and the grace. */
const WALL_MS = 200;
const CODES = new Set(["frame-malformed", "cell-misbehaved", "cell-failed", "cell-lost", "wall-limit", "kvm-unusable"]);

function step(random: Random): Step {
  switch (random.below(10)) {
    case 0:
      return { do: "bytes", base64: random.bytes(random.below(200)).toString("base64"), times: 1 + random.below(20) };
    case 1:
      return { do: "say", text: random.bytes(random.below(3000)).toString("latin1") };
    case 2:
      return { do: "wait", ms: random.below(30) };
    case 3:
      return { do: "exit", status: random.below(256) };
    case 4:
      return {
        do: "frame",
        header: { type: "failed", code: "kvm-unusable", message: random.bytes(20).toString("hex") },
      };
    default: {
      const body = random.bytes(random.below(3) * random.below(100));
      const reply = honest({ stdoutBytes: body.length });
      return {
        do: "frame",
        header: mutateJson(reply, random, random.below(3)) as object,
        bodyBase64: body.toString("base64"),
        ...(random.below(10) === 0 && { idAhead: random.below(5) - 2 }),
        ...(random.below(10) === 0 && { nonceHex: random.bytes(16).toString("hex") }),
        ...(random.below(10) === 0 && {
          bodyBytes: String(random.pick([0, 1, 2 ** 31, 2 ** 32, 2 ** 53, body.length + 1])),
        }),
        ...(random.below(10) === 0 && { headerBytes: String(random.pick([0, 1, 2 ** 32 + 2, 2 ** 53])) }),
      };
    }
  }
}

let hostile: HostilePool;

async function check(input: Uint8Array): Promise<void> {
  const steps = JSON.parse(Buffer.from(input).toString("utf8")) as Step[];
  // So that each input has an end: a whole reply or none, the cell goes.
  const ended: Step[] = [...steps, { do: "wait", ms: 20 }, { do: "exit", status: 0 }];
  const isKept = await run(ended, (result) => {
    assert.ok(result.stdout.length + result.stderr.length < 1000);
    assert.deepEqual(result.changes, []);
  });
  const honestly: Step[] = [{ do: "frame", header: honest({ stdoutBytes: 2 }), bodyBase64: "b2s=" }];
  const isOurs = (result: RunResult): void => assert.equal(result.stdoutText, "ok");
  // A cell that answered properly and goes wrong later costs the run that it has then, and no more than that one.
  if (!(await run(honestly, isOurs))) assert.ok(isKept && (await run(honestly, isOurs)), "the pool did not go on");
}

/** False when the cell was lost. */
async function run(steps: readonly Step[], look: (result: RunResult) => void): Promise<boolean> {
  try {
    look((await hostile.run(steps, { wallMs: WALL_MS })).result);
    return true;
  } catch (error) {
    if (!ZtlError.isInstance(error)) throw error;
    assert.ok(CODES.has(error.code), error.code);
    return false;
  }
}

/** As real processes: the host's process must survive them, and the next run must be its own. */
export const fuzzer: Fuzzer = {
  what: "the host process and its pool, with real cells that say and do anything",
  open: async () => {
    hostile = new HostilePool();
    return () => hostile[Symbol.asyncDispose]();
  },
  make: (random) => Buffer.from(JSON.stringify(Array.from({ length: 1 + random.below(4) }, () => step(random)))),
  check,
};
