import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** Each stores a table's address at RSP + 2, or faults where the processor keeps it from programs (UMIP). */
const STORES = { sgdt: "0f010424", sidt: "0f010c24" };
const USES = {
  read: "8a00",
  "read of the last entry": "488b80ff000000",
  write: "c60000",
  "write of an entry": "4883800000000001",
  jump: "ffe0",
  "a far call through it": "48ff18",
};

export const attack: Attack = {
  promise: 26,
  must: "What `sgdt` and `sidt` tell is nothing, or an address that a program can neither read, write nor run.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    for (const [store, storing] of Object.entries(STORES)) {
      for (const [use, using] of Object.entries(USES)) {
        const code = program("4883ec20", storing, "488b442402", using);
        const result = await machine.run(code, { about: `${store}, ${use}` });
        assert.equal(result.status, "signaled", `${store}, ${use}: ${result.status}`);
      }
    }
    for (const [name, code] of Object.entries({ sldt: "0f00c0", str: "0f00c8", smsw: "0f01e0" })) {
      const { status } = await machine.run(program(code), { about: name });
      assert.ok(status === "signaled" || status === "ok", name);
    }
  },
};
