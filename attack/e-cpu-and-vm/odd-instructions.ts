import { Random } from "../../test/attack/random.ts";
import type { Attack } from "../attack.ts";
import { program, programs } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const PREFIXES = ["66", "67", "f0", "f2", "f3", "2e", "36", "3e", "26", "64", "65", "48", "4f"];
const ODD = {
  "fifteen prefixes": `${"66".repeat(14)} 90`,
  "sixteen prefixes": `${"66".repeat(15)} 90`,
  "lock on a register": "f04801c0",
  "lock on nop": "f090",
  "lock cmpxchg8b on a register (F00F)": "f00fc7c8",
  "xacquire on a load": "f28b0424",
  "xbegin, fault inside": "c7f800000000 0f0b",
  "xend alone": "0f01d5",
  "far call in 64 bits": "9a0000000000000000",
  "bound or EVEX cut short": "62f1",
  "VEX with lock": "f0c5f877",
  "REX before prefix": "4866 90",
  "ud0, ud1": "0fffc0",
  endbr: "f30f1efa",
  "wrss, shadow stack": "480f38f600",
  setssbsy: "f30f01e8",
  senduipi: "f30fc7f0",
  enqcmd: "f20f38f800",
};

export const attack: Attack = {
  promise: 26,
  must: "Instructions too long, reserved, locked where they may not be or of extensions nobody gave are the program's own fault.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endThemselves(programs(ODD));
    const random = new Random(99);
    const random8 = (): string => random.bytes(8).toString("hex");
    const mixed = Array.from({ length: 150 }, (_, index): [string, Buffer] => {
      const prefixes = Array.from({ length: random.below(6) }, () => random.pick(PREFIXES)).join("");
      return [`mixture ${index}: ${prefixes}`, program(prefixes, "0f", random8(), "0f0b")];
    });
    for (const [about, code] of mixed) await machine.run(code, { about });
  },
};
