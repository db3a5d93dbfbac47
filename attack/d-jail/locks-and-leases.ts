import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { fcntl: 72, flock: 73 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over locks no file of the host, and has no signal sent by a descriptor.",
  needs: ["kvm"],
  run: (stage) => {
    const { parent } = targetsOf(stage);
    return assertEachKilled(stage, {
      flock: [Call.flock, 4, 2],
      F_SETLK: [Call.fcntl, 4, 6, Array<number>(32).fill(0)],
      F_OFD_SETLK: [Call.fcntl, 4, 37, Array<number>(32).fill(0)],
      F_SETLEASE: [Call.fcntl, 4, 1024, 0],
      "F_SETOWN, the host process": [Call.fcntl, 3, 8, parent],
      F_SETSIG: [Call.fcntl, 3, 10, 9],
      "F_SETFL, asynchronous": [Call.fcntl, 3, 4, 0o20002],
      F_DUPFD: [Call.fcntl, 3, 0, 900],
      F_SETPIPE_SZ: [Call.fcntl, 2, 1031, 0x40000000],
      F_ADD_SEALS: [Call.fcntl, 4, 1033, 15],
    });
  },
};
