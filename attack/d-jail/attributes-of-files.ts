import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  ioctl: 16,
  fchmod: 91,
  fchmodat2: 452,
  fchown: 93,
  utimensat: 280,
  setxattr: 188,
  setxattrat: 463,
  removexattrat: 466,
  fileSetattr: 469,
  fallocate: 285,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over changes no owner, mode, time, flag or attribute of a file that it can read.",
  needs: ["kvm"],
  run: (stage) => {
    const { secretFile } = targetsOf(stage);
    return assertEachKilled(stage, {
      FS_IOC_SETFLAGS: [Call.ioctl, 4, 0x40086602, [0x10, 0, 0, 0, 0, 0, 0, 0]],
      FS_IOC_FSSETXATTR: [Call.ioctl, 4, 0x401c5820, Array<number>(28).fill(0)],
      FICLONE: [Call.ioctl, 4, 0x40049409, 4],
      fchmod: [Call.fchmod, 4, 0o777],
      fchmodat2: [Call.fchmodat2, -100, secretFile, 0o777, 0],
      fchown: [Call.fchown, 4, 1, 1],
      utimensat: [Call.utimensat, 4, 0, 0, 0],
      setxattr: [Call.setxattr, secretFile, "user.a", [1], 1, 0],
      setxattrat: [Call.setxattrat, 4, "", 0x1000, "user.a", Array<number>(16).fill(0), 16],
      removexattrat: [Call.removexattrat, 4, "", 0x1000, "user.a"],
      file_setattr: [Call.fileSetattr, 4, "", Array<number>(24).fill(0), 24, 0x1000],
      fallocate: [Call.fallocate, 4, 3, 0, 4096],
    });
  },
};
