import type { Attack } from "../attack.ts";
import { movRax, programs } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const PRIVILEGED = {
  hlt: "f4",
  cli: "fa",
  sti: "fb",
  clts: "0f06",
  invd: "0f08",
  wbinvd: "0f09",
  wbnoinvd: "f30f09",
  invlpg: "0f013c24",
  invpcid: "660f38820424",
  lgdt: "0f011424",
  lidt: "0f011c24",
  lldt: "31c0 0f00d0",
  ltr: "66b83000 0f00d8",
  lmsw: "31c0 0f01f0",
  "mov from cr0": "0f20c0",
  "mov to cr0": "31c0 0f22c0",
  "mov from cr2": "0f20d0",
  "mov to cr2": "0f22d0",
  "mov from cr3": "0f20d8",
  "mov to cr3": "31c0 0f22d8",
  "mov to cr3, no flush": `${movRax(1n << 63n)} 0f22d8`,
  "mov to cr4": "0f22e0",
  "mov from cr8": "440f20c0",
  "mov to cr8": "440f22c0",
  swapgs: "0f01f8",
  sysret: "480f07",
  "sysret to 32 bits": "0f07",
  sysexit: "480f35",
  monitor: "0f01c8",
  mwait: "0f01c9",
  stac: "0f01cb",
  clac: "0f01ca",
  encls: "0f01cf",
  "lkgs of a selector": "31c0 f20f00f0",
  rsm: "0faa",
};

export const attack: Attack = {
  promise: 26,
  must: "Each instruction that is the kernel's alone ends the program by a signal, and changes nothing of the machine.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endBySignal(programs(PRIVILEGED), ["SIGSEGV", "SIGILL"]);
  },
};
