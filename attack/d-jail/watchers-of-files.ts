import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { inotify: 294, inotifyOld: 253, add: 254, fanotify: 300, mark: 301, fcntl: 72 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over is told of nothing that others do with files.",
  needs: ["kvm"],
  run: (stage) => {
    const { directory } = targetsOf(stage);
    return assertEachKilled(stage, {
      inotify_init1: [Call.inotify, 0],
      inotify_init: [Call.inotifyOld],
      inotify_add_watch: [Call.add, 3, directory, 0xfff],
      fanotify_init: [Call.fanotify, 0, 0],
      fanotify_mark: [Call.mark, 3, 1, 0x20, 0, -100, directory],
      "fcntl, F_NOTIFY": [Call.fcntl, 4, 1026, 0x80000001],
    });
  },
};
