import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  setuid: 105,
  setresuid: 117,
  setgroups: 116,
  setfsuid: 122,
  capset: 126,
  prctl: 157,
  setgid: 106,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over takes no other user, group or capability.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      setuid: [Call.setuid, 0],
      setgid: [Call.setgid, 0],
      setresuid: [Call.setresuid, 0, 0, 0],
      setgroups: [Call.setgroups, 0, 0],
      setfsuid: [Call.setfsuid, 0],
      capset: [Call.capset, [0x22, 0x05, 0x08, 0x20, 0, 0, 0, 0], Array<number>(24).fill(255)],
      PR_CAP_AMBIENT_RAISE: [Call.prctl, 47, 2, 21, 0, 0],
      PR_SET_SECUREBITS: [Call.prctl, 28, 0, 0, 0, 0],
      PR_SET_KEEPCAPS: [Call.prctl, 8, 1, 0, 0, 0],
    }),
};
