import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { unshare: 272, setns: 308 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over makes and enters no namespace.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      "a user namespace, where it would have all capabilities": [Call.unshare, 0x10000000],
      "all others": [Call.unshare, 0x6e020000],
      time: [Call.unshare, 0x80],
      "a table of descriptors": [Call.unshare, 0x400],
      "enter by a descriptor": [Call.setns, 3, 0],
      "enter those of a process": [Call.setns, 0, 0x20000000],
    }),
};
