import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";
import { forgedFrame, returning } from "./sigreturn.helper.ts";

/** IOPL, NT, VM, VIF and VIP (asm/processor-flags.h): no program may give itself one.. */
const FORBIDDEN = 0x1a_3000;
/** pushfq; pop rax; and eax, FORBIDDEN; shr eax, 12 (all four groups lie above); or al, ah; setnz al */
const TELL_FORBIDDEN = "9c 58 2500301a00 85c0 0f95c0";

export const attack: Attack = {
  promise: 26,
  must: "None of the 64 flags that a forged signal frame asks for gives a program the right to ports or another mode.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    assert.equal(Buffer.from(TELL_FORBIDDEN.replaceAll(" ", ""), "hex").readUInt32LE(3), FORBIDDEN);
    const machine = await MachineCode.on(stage);
    for (let bit = 0n; bit < 64n; bit++) {
      const data = forgedFrame({ flags: (1n << bit) | 0x202n });
      const result = await machine.run(returning(`${TELL_FORBIDDEN} ${EXIT_WITH_AL}`), { about: `bit ${bit}`, data });
      const isTrap = result.status === "signaled" && result.signal === "SIGTRAP";
      assert.ok(result.exitCode === 0 || isTrap, `bit ${bit}: ${result.status} ${result.exitCode}`);
    }
    const all = await machine.run(returning(`${TELL_FORBIDDEN} ${EXIT_WITH_AL}`), {
      data: forgedFrame({ flags: ~0x100n }),
    });
    assert.ok(all.exitCode === 0 || all.status === "signaled", JSON.stringify(all));
  },
};
