import type { Attack } from "../attack.ts";
import { movRcx, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** asm/msr-index.h and asm/kvm_para.h */
const REGISTERS = {
  TSC: 0x10,
  APIC_BASE: 0x1b,
  SPEC_CTRL: 0x48,
  PRED_CMD: 0x49,
  SYSENTER_CS: 0x174,
  SYSENTER_EIP: 0x176,
  MISC_ENABLE: 0x1a0,
  DEBUGCTL: 0x1d9,
  PAT: 0x277,
  X2APIC_ICR: 0x830,
  EFER: 0xc000_0080,
  STAR: 0xc000_0081,
  LSTAR: 0xc000_0082,
  CSTAR: 0xc000_0083,
  SYSCALL_MASK: 0xc000_0084,
  FS_BASE: 0xc000_0100,
  KERNEL_GS_BASE: 0xc000_0102,
  TSC_AUX: 0xc000_0103,
  SVM_VM_HSAVE_PA: 0xc001_0117,
  KVM_WALL_CLOCK_NEW: 0x4b56_4d00,
  KVM_SYSTEM_TIME_NEW: 0x4b56_4d01,
  KVM_ASYNC_PF_EN: 0x4b56_4d02,
  KVM_STEAL_TIME: 0x4b56_4d03,
  HV_X64_MSR_HYPERCALL: 0x4000_0001,
  "no register": 0xdead_beef,
};

export const attack: Attack = {
  promise: 26,
  must: "No model-specific register can be read or written, so that a program cannot move the system call's entry or a clock page.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const tries = Object.entries(REGISTERS).flatMap(([name, number]): [string, Buffer][] => [
      [`rdmsr ${name}`, program(movRcx(number), "0f32")],
      [`wrmsr ${name}`, program(movRcx(number), "b800006000 31d2 0f30")],
    ]);
    await machine.endBySignal(tries, ["SIGSEGV"]);
  },
};
