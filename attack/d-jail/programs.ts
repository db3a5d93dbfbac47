import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { execve: 59, execveat: 322, uselib: 134 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over executes nothing: no file, no descriptor, not even itself again.",
  needs: ["kvm"],
  run: (stage) => {
    const { directory } = targetsOf(stage);
    return assertEachKilled(stage, {
      "a shell": [Call.execve, "/bin/sh", 0, 0],
      itself: [Call.execve, "/proc/self/exe", 0, 0],
      Node: [Call.execve, process.execPath, 0, 0],
      "a descriptor": [Call.execveat, 4, "", 0, 0, 0x1000],
      "a planted program": [Call.execveat, -100, `${directory}/deep/er/program.sh`, 0, 0, 0],
      "a library": [Call.uselib, "/lib/x86_64-linux-gnu/libc.so.6"],
    });
  },
};
