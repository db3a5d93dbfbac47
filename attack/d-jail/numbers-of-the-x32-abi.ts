import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_x32.h: a bit, and either the number of 64-bit programs or, from 512 on, one of its own. */
const X32 = 0x4000_0000;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over gets around the filter neither by the numbers of the x32 ABI nor by those that mean nothing.",
  needs: ["kvm"],
  run: (stage) => {
    const { secretFile, parent } = targetsOf(stage);
    return assertEachKilled(stage, {
      "open, which is allowed otherwise": [X32 + 257, -100, secretFile, 0],
      write: [X32 + 1, 3, [0], 1],
      socket: [X32 + 41, 2, 1, 0],
      "execve of x32": [X32 + 520, "/bin/sh", 0, 0],
      "ioctl of x32": [X32 + 514, 3, 0x5412, 0],
      "ptrace of x32": [X32 + 521, 16, parent, 0, 0],
      "the number -1": [-1],
      "the lowest of all": [-0x8000_0000],
      "the one after the last": [512],
    });
  },
};
