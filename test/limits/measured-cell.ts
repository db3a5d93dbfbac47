import { getHeapStatistics } from "node:v8";
import { Guest } from "../../src/sandbox/cell/guest.ts";
import { monotonicUs, type ResultReply } from "../../src/sandbox/cell/protocol.ts";
import { NO_DIAGNOSTICS } from "../../src/sandbox/result.ts";
import { MEASURE } from "./measure.ts";

/*
 * The product's own cell, with one addition: a run with a certain standard input collects all garbage and answers with what
 * JavaScript holds then.
 */

const honest = Guest.prototype.run;
Guest.prototype.run = function (request, body, surroundings) {
  const input = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8", request.jobBytes);
  if (input !== MEASURE) return honest.call(this, request, body, surroundings);
  const startedUs = monotonicUs();
  const stdout = Buffer.from(String(heldBytes()));
  const reply: ResultReply = {
    type: "result",
    ending: { kind: "exited", code: 0 },
    stdoutBytes: stdout.length,
    stderrBytes: 0,
    startedUs,
    runMs: (monotonicUs() - startedUs) / 1000,
    rollbackMs: 0,
    reads: [],
    changes: [],
    diagnostics: NO_DIAGNOSTICS,
  };
  return { reply, parts: [stdout] };
};

/** What is reachable, and what objects hold outside of V8's heap. */
function heldBytes(): number {
  for (let times = 0; times < 3; times++) globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

await import("../../src/sandbox/cell/main.ts");
