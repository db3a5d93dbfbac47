import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { ioctl: 16 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over asks no descriptor of its own for what a terminal, a device or another machine could do.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      "TIOCSTI, into a terminal": [Call.ioctl, 2, 0x5412, "x"],
      TIOCSCTTY: [Call.ioctl, 0, 0x540e, 1],
      TIOCLINUX: [Call.ioctl, 0, 0x541c, [3]],
      FIONREAD: [Call.ioctl, 3, 0x541b, [0, 0, 0, 0, 0, 0, 0, 0]],
      FIOASYNC: [Call.ioctl, 3, 0x5452, [1, 0, 0, 0]],
      SIOCGIFCONF: [Call.ioctl, 3, 0x8912, Array<number>(16).fill(0)],
      SIOCATMARK: [Call.ioctl, 3, 0x8905, [0, 0, 0, 0, 0, 0, 0, 0]],
      "a request that no driver has": [Call.ioctl, 4, -1, 0],
    }),
};
