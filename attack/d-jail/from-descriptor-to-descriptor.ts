import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  sendfile: 40,
  splice: 275,
  tee: 276,
  vmsplice: 278,
  copy: 326,
  dup: 32,
  dup3: 292,
  pipe: 293,
  fadvise: 221,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over moves no bytes from one descriptor to another but through its own memory.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      sendfile: [Call.sendfile, 3, 4, 0, 4096],
      splice: [Call.splice, 4, 0, 3, 0, 4096, 0],
      tee: [Call.tee, 4, 3, 4096, 0],
      vmsplice: [Call.vmsplice, 2, Array<number>(16).fill(0), 1, 8],
      copy_file_range: [Call.copy, 4, 0, 3, 0, 4096, 0],
      dup: [Call.dup, 3],
      dup3: [Call.dup3, 3, 900, 0],
      pipe2: [Call.pipe, [0, 0, 0, 0, 0, 0, 0, 0], 0],
      posix_fadvise: [Call.fadvise, 4, 0, 0, 4],
    }),
};
