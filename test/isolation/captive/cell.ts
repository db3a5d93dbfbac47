import { compileFunction } from "node:vm";
import { Guest } from "../../../src/sandbox/cell/guest.ts";
import { Heap } from "../../../src/sandbox/cell/heap.ts";
import { monotonicUs, type ResultReply, type RunRequest } from "../../../src/sandbox/cell/protocol.ts";
import { NO_DIAGNOSTICS } from "../../../src/sandbox/result.ts";
import { type Deed, MARK } from "./deed.ts";
import { powers } from "./powers.ts";

/*
 * The product's own cell, with one addition: a run whose standard input begins with a mark does in the process of the cell,
 * and behind its jail, what the input says. It stands for a guest that has broken out of its virtual machine.
 */

type Body = (powers: typeof import("./powers.ts").powers, given: unknown) => unknown;

const IDLE_AFTER_MS = 100;

/** What is done when the reply is on its way. */
let afterwards: (() => void) | undefined;

const honest = Guest.prototype.run;
Guest.prototype.run = function (request, body, surroundings) {
  const input = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8", request.jobBytes);
  if (!input.startsWith(MARK)) return honest.call(this, request, body, surroundings);
  return replyTo(request, JSON.parse(input.slice(MARK.length)) as Deed);
};

const clear = Heap.prototype.clear;
Heap.prototype.clear = function () {
  afterwards?.();
  clear.call(this);
};

/** Code from text: the flag that forbids it is for eval, not for whoever has all of Node. */
function bodyOf(source: string): Body {
  return compileFunction(`return (${source});`)() as Body;
}

function replyTo(request: RunRequest, { now, later, given }: Deed): ReturnType<typeof honest> {
  const startedUs = monotonicUs();
  let said: string;
  try {
    said = String(bodyOf(now)(powers, given));
  } catch (error) {
    said = `thrown: ${(error as { code?: string }).code ?? (error instanceof Error ? error.message : String(error))}`;
  }
  if (later !== undefined) {
    afterwards = () => {
      // The reply has been taken by then, and the cell is idle.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, IDLE_AFTER_MS);
      bodyOf(later)(powers, given);
    };
  }
  const stdout = Buffer.from(said).subarray(0, request.limits.outputBytes);
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
}

await import("../../../src/sandbox/cell/main.ts");
