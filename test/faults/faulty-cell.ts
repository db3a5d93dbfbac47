import { Kernel } from "../../src/linux/index.ts";
import { FAULTY_CALLS } from "./faulty-calls.ts";

/*
 * The product's own cell, in which some system calls that no Linux has are mistakes of ours: in their answer, or in what is
 * gathered when the run has ended.
 */

const perform = Kernel.prototype.perform;
Kernel.prototype.perform = function (task, call) {
  const fail = (): never => {
    throw new TypeError("a mistake");
  };
  if (call.number === FAULTY_CALLS.answer) Object.defineProperty(call, "number", { get: fail });
  if (call.number === FAULTY_CALLS.changes) this.vfs.collectChanges = fail;
  if (call.number === FAULTY_CALLS.diagnostics) this.vfs.findVanishing = fail;
  perform.call(this, task, call);
};

await import("../../src/sandbox/cell/main.ts");
