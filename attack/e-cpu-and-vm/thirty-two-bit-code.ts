import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { movRax, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** Where Linux, and the host under a paravirtual KVM, keep 32-bit code. */
const SELECTORS = [0x1b, 0x23, 0x2b, 0x33, 0x7, 0xf];
/** In 32-bit code: the old system calls, from a stack that exists. */
const ENTRIES = {
  "int 0x80": "b814000000 cd80 b801000000 bb07000000 cd80",
  syscall: "b814000000 0f05 b801000000 bb07000000 0f05",
  sysenter: "b814000000 89e5 0f34",
  "far call": "9a00004000330000",
  "a kernel segment": "66b81000 8ed8 a100604000",
  "push a kernel segment": "6a10 1f",
  "port 0x80": "e680",
  hlt: "f4",
};

export const attack: Attack = {
  promise: 26,
  must: "Code in a 32-bit segment, wherever one is found, makes no system call and reaches no ring by the old ways.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    for (const selector of SELECTORS) {
      for (const [name, entry] of Object.entries(ENTRIES)) {
        // push SS, RSP (low), flags, CS and the address behind: iretq
        const cs = selector.toString(16).padStart(2, "0");
        const enter = `6a2b 6800806000 9c 6a${cs} 488d0503000000 50 48cf`;
        const about = `${name} at selector ${cs}`;
        const result = await machine.runOrLose(program(enter, entry, "0f0b"), { about });
        const isEnded = result.status === "signaled" || result.status === "error";
        assert.ok(isEnded, `${about}: ${result.status} ${result.exitCode}`);
      }
    }
    const after = await machine.run(program(movRax(0)));
    assert.equal(after.status, "ok");
  },
};
