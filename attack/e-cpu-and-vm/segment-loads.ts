import type { Attack } from "../attack.ts";
import { program, word } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const LOADS = { ds: "8ed8", es: "8ec0", fs: "8ee0", gs: "8ee8", ss: "8ed0" };
/** Reads, writes and calls with the segment that was loaded. */
const USES = {
  ds: "8b0424",
  es: "268b0424",
  fs: "648b042500006000",
  gs: "65c7042500006000ffffffff",
  ss: "368b0424 50 58",
};
const SELECTORS = [...Array.from({ length: 0x40 }, (_, selector) => selector), 0x103, 0x7fff, 0xfff8, 0xffff];

export const attack: Attack = {
  promise: 26,
  must: "Loading any selector into any segment register, and using it, is the program's own fault at most.",
  needs: ["kvm"],
  hardware: true,
  timeoutMs: 120_000,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endThemselves(
      Object.entries(LOADS).flatMap(([name, load]) =>
        SELECTORS.map((selector): [string, Buffer] => [
          `${name} = ${selector.toString(16)}`,
          program(`66b8${word(selector)} ${load}`, USES[name as keyof typeof USES], "0f00e0 0f02c8 0f03c8"),
        ]),
      ),
    );
  },
};
