import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  mount: 165,
  umount: 166,
  pivot: 155,
  chroot: 161,
  chdir: 80,
  fchdir: 81,
  openTree: 428,
  moveMount: 429,
  fsopen: 430,
  setattr: 442,
  listmount: 458,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over changes no mount and no root, by the old calls and by the new.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      mount: [Call.mount, "none", "/", "tmpfs", 0, 0],
      "make writable again": [Call.mount, "none", "/", 0, 0x1020, 0],
      umount2: [Call.umount, "/", 2],
      pivot_root: [Call.pivot, ".", "."],
      chroot: [Call.chroot, "/"],
      chdir: [Call.chdir, ".."],
      fchdir: [Call.fchdir, 0],
      open_tree: [Call.openTree, -100, "/", 1],
      move_mount: [Call.moveMount, 0, "", -100, "/", 4],
      fsopen: [Call.fsopen, "proc", 0],
      mount_setattr: [Call.setattr, -100, "/", 0x8000, Array<number>(32).fill(0), 32],
      listmount: [Call.listmount, 0, 0, 0, 0],
    }),
};
