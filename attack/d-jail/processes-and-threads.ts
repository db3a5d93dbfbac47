import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { clone: 56, fork: 57, vfork: 58, clone3: 435 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over makes no process and no thread, so there is no fork bomb.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      fork: [Call.fork],
      vfork: [Call.vfork],
      "clone, a process": [Call.clone, 17, 0, 0, 0, 0],
      "clone, a thread": [Call.clone, 0x50f00, 0, 0, 0, 0],
      "clone, in new namespaces": [Call.clone, 0x7e020011, 0, 0, 0, 0],
      "clone, a sibling of the cell's": [Call.clone, 0x8011, 0, 0, 0, 0],
      clone3: [Call.clone3, Array<number>(88).fill(0), 88],
    }),
};
