import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  settimeofday: 164,
  clockSettime: 227,
  adjtimex: 159,
  hostname: 170,
  reboot: 169,
  module: 175,
  finit: 313,
  kexec: 246,
  swapon: 167,
  syslog: 103,
  acct: 163,
  quota: 179,
  vhangup: 153,
  iopl: 172,
  ioperm: 173,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over sets no clock and no name, loads no module and no other kernel, and reads no log of it.",
  needs: ["kvm"],
  run: (stage) => {
    const { writableFile } = targetsOf(stage);
    return assertEachKilled(stage, {
      settimeofday: [Call.settimeofday, Array<number>(16).fill(0), 0],
      clock_settime: [Call.clockSettime, 0, Array<number>(16).fill(0)],
      adjtimex: [Call.adjtimex, Array<number>(208).fill(0)],
      sethostname: [Call.hostname, "ztl", 3],
      reboot: [Call.reboot, -18751827, 672274793, 0, 0],
      init_module: [Call.module, [0], 1, ""],
      finit_module: [Call.finit, 4, "", 0],
      kexec_load: [Call.kexec, 0, 0, 0, 0],
      swapon: [Call.swapon, writableFile, 0],
      syslog: [Call.syslog, 3, Array<number>(256).fill(0), 256],
      acct: [Call.acct, writableFile],
      quotactl: [Call.quota, 0x800002, "/dev/root", 0, 0],
      vhangup: [Call.vhangup],
      iopl: [Call.iopl, 3],
      ioperm: [Call.ioperm, 0, 1024, 1],
    });
  },
};
