import assert from "node:assert/strict";
import { CODE_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { program, SYSTEM_CALL } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** TF, by `popf`. */
const STEP = "9c 66810c240001 9d";
const OVER = {
  nothing: "90",
  "a system call": SYSTEM_CALL,
  "popf without it": "9c 6681242 4fffe 9d 90".replace("242 4", "2424"),
  "a stack segment load": "8cd0 8ed0 90",
  cpuid: "0fa2 90",
  rdtsc: "0f31 90",
  "a repeated move": "4889e6 4889e7 b910000000 f3a4 90",
  "a fault": "0f0b",
  int3: "cc",
  int1: "f1",
  iretq: "4889e0 6a2b 50 9c 6a33 488d0503000000 50 48cf 90",
  xabort: "c6f800 90",
};

export const attack: Attack = {
  promise: 26,
  must: "Single-stepping across calls, faults and mode changes traps in the program, and never in the VMM's entries.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    assert.ok(CODE_ADDRESS > 0);
    for (const [name, code] of Object.entries(OVER)) {
      const result = await machine.run(program(STEP, code), { about: name });
      assert.ok(result.status === "signaled" || result.status === "ok", `${name}: ${result.status}`);
      if (result.status === "signaled") assert.match(result.signal, /^SIG(TRAP|SEGV|ILL)$/, name);
    }
  },
};
