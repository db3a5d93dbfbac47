import assert from "node:assert/strict";
import { syscall } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, movRax, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const LIMIT = 0x7fff_f000_0000;
const PAGE = 4096;
/** A page at a place, readable, writable and executable: mmap(MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS). */
const mapAt = (address: number): string => syscall(9, address, PAGE, 7, 0x32, -1, 0).toString("hex");
/** Says whether the last call failed: sar rax, 63; and al, 1. */
const TELL_FAILED = "48c1f83f 2401";

export const attack: Attack = {
  promise: 25,
  must: "Nothing can be mapped where `syscall` would return into the VMM's pages or beyond the lower half of the addresses.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    for (const address of [LIMIT, LIMIT + PAGE, LIMIT + 0x10_0000, 2 ** 47 - PAGE, 2 ** 47, 0, PAGE, 0xf000]) {
      const result = await machine.run(program(mapAt(address), TELL_FAILED, EXIT_WITH_AL));
      assert.equal(result.exitCode, 1, `a page at ${address.toString(16)}: ${result.status}`);
    }
    // The last page below: a system call, and an instruction, that end exactly where the VMM's pages begin.
    const last = LIMIT - PAGE;
    const runs = { "a system call": "b827000000 0f05", "an instruction cut by the end": "48b8112233" };
    for (const [name, code] of Object.entries(runs)) {
      const bytes = Buffer.from(code.replaceAll(" ", ""), "hex");
      const stores = [...bytes].map((byte, index) => {
        const at = movRax(last + PAGE - bytes.length + index);
        return `${at} c600${byte.toString(16).padStart(2, "0")}`;
      });
      const jump = `${movRax(last + PAGE - bytes.length)} ffe0`;
      const { status } = await machine.run(program(mapAt(last), ...stores, jump), { about: name });
      // A call that returns to the call's own entry makes calls for ever, which a limit ends.
      assert.ok(status === "signaled" || status === "limit", `${name}: ${status}`);
    }
  },
};
