import type { Attack } from "../attack.ts";
import { program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** Ports that a machine's firmware, bus, disk, keyboard, timer and serial line answer at. */
const PORTS = [
  0, 0x20, 0x40, 0x60, 0x64, 0x70, 0x80, 0x92, 0xb2, 0xcf8, 0xcfc, 0x1f0, 0x3f8, 0x505, 0x510, 0x600, 0xffff,
];
const BY_DX = { "in al": "ec", "in eax": "ed", "out al": "ee", "out eax": "ef", insb: "6c", "rep outsd": "f36f" };
/** IOPL 3, asked for with `popf`, before the port is used. */
const RAISED = "9c 48810c2400300000 9d";

export const attack: Attack = {
  promise: 26,
  must: "No port answers a program, whatever privilege level for it the program asks for: each try is a segmentation fault.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const tries = Object.entries(BY_DX).flatMap(([name, code]) =>
      PORTS.map((port): [string, Buffer] => {
        const bytes = Buffer.alloc(2);
        bytes.writeUInt16LE(port);
        return [`${name} ${port}`, program(RAISED, `66ba${bytes.toString("hex")} 4889e6 4889e7 b901000000 ${code}`)];
      }),
    );
    const immediate: [string, Buffer][] = ["e480", "e580", "e680", "e780"].map((code) => [code, program(code)]);
    await machine.endBySignal([...tries, ...immediate], ["SIGSEGV"]);
  },
};
