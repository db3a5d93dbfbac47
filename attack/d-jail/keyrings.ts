import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { add: 248, request: 249, control: 250, memfdSecret: 447 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over adds, asks for and reads no key of the kernel.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      add_key: [Call.add, "user", "ztl", [1, 2], 2, -4],
      request_key: [Call.request, "user", "ztl", 0, -4],
      "read the user's keyring": [Call.control, 11, -4, Array<number>(64).fill(0), 64],
      "join a session": [Call.control, 1, "ztl"],
      "hand keys to the parent": [Call.control, 18],
      "secret memory": [Call.memfdSecret, 0],
    }),
};
