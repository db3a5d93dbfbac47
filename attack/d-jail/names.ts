import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  rename: 82,
  mkdir: 83,
  unlink: 87,
  symlink: 88,
  link: 86,
  mknod: 133,
  renameat2: 316,
  linkat: 265,
  unlinkat: 263,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over makes, moves and removes no name on the host.",
  needs: ["kvm"],
  run: (stage) => {
    const { directory, secretFile, writableFile } = targetsOf(stage);
    return assertEachKilled(stage, {
      rename: [Call.rename, secretFile, writableFile],
      "renameat2, exchange": [Call.renameat2, -100, secretFile, -100, writableFile, 2],
      mkdir: [Call.mkdir, `${directory}/open/new`, 0o777],
      unlink: [Call.unlink, secretFile],
      unlinkat: [Call.unlinkat, -100, `${directory}/open`, 0x200],
      symlink: [Call.symlink, secretFile, `${directory}/open/link`],
      link: [Call.link, secretFile, `${directory}/open/link`],
      "linkat, of a descriptor": [Call.linkat, 0, "", -100, `${directory}/open/link`, 0x1000],
      "mknod, a device": [Call.mknod, `${directory}/open/device`, 0o20666, 0x101],
    });
  },
};
