import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { setup: 425, enter: 426, register: 427, aioSetup: 206, aioSubmit: 209, getevents: 208 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over has no io_uring and no asynchronous input and output, where no filter looks.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      io_uring_setup: [Call.setup, 8, Array<number>(120).fill(0)],
      io_uring_enter: [Call.enter, 3, 1, 1, 1, 0, 0],
      io_uring_register: [Call.register, -1, 17, 0, 0],
      io_setup: [Call.aioSetup, 8, [0, 0, 0, 0, 0, 0, 0, 0]],
      io_submit: [Call.aioSubmit, 0, 1, 0],
      io_getevents: [Call.getevents, 0, 1, 1, 0, 0],
    }),
};
