import { exitGroup, hex } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { MachineCode } from "./machine-code.helper.ts";

export const attack: Attack = {
  promise: 26,
  must: "`int n` through every gate of the interrupt table ends in a signal of the program's own or in a plain return.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const end = exitGroup(0);
    const vectors = Array.from({ length: 256 }, (_, vector) => vector);
    await machine.endThemselves(
      vectors.map((vector) => [`int ${vector}`, Buffer.concat([hex("cd"), Buffer.from([vector]), end])]),
    );
  },
};
