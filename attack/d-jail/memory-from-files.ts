import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  mmap: 9,
  memfd: 319,
  remap: 216,
  pkey: 329,
  personality: 135,
  modifyLdt: 154,
  mremap: 25,
  shadow: 453,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over maps no file, shares no memory, and makes no file in memory.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      "map a file to execute it": [Call.mmap, 0, 4096, 5, 2, 4, 0],
      "map a file, shared": [Call.mmap, 0, 4096, 3, 1, 4, 0],
      "shared memory": [Call.mmap, 0, 4096, 3, 0x21, -1, 0],
      "memory to execute at once": [Call.mmap, 0, 4096, 7, 0x22, -1, 0],
      "locked memory": [Call.mmap, 0, 4096, 3, 0x2022, -1, 0],
      "huge pages": [Call.mmap, 0, 0x200000, 3, 0x40022, -1, 0],
      "a stack that grows": [Call.mmap, 0, 4096, 3, 0x122, -1, 0],
      memfd_create: [Call.memfd, "ztl", 0],
      remap_file_pages: [Call.remap, 0, 4096, 0, 0, 0],
      pkey_mprotect: [Call.pkey, 0, 4096, 7, 0],
      READ_IMPLIES_EXEC: [Call.personality, 0x400000],
      "a segment table": [Call.modifyLdt, 1, Array<number>(16).fill(0), 16],
      "mremap, to a place": [Call.mremap, 0, 4096, 4096, 3, 0],
      "a shadow stack": [Call.shadow, 0, 4096, 0],
    }),
};
