import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  open: 2,
  creat: 85,
  openat: 257,
  openByHandle: 304,
  nameToHandle: 303,
  openat2: 437,
  truncate: 76,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over opens no file to write it, make it or cut it short, by whatever call and flag.",
  needs: ["kvm"],
  run: (stage) => {
    const { directory, secretFile, writableFile } = targetsOf(stage);
    return assertEachKilled(stage, {
      "open, to write": [Call.open, writableFile, 1],
      "openat, to write": [Call.openat, -100, writableFile, 2],
      "openat, to make": [Call.openat, -100, `${directory}/open/new`, 0o101, 0o644],
      "openat, to cut short": [Call.openat, 0, writableFile, 0o1000],
      "openat, a file without a name": [Call.openat, -100, directory, 0o20200002, 0o600],
      "openat, with signals": [Call.openat, -100, writableFile, 0o20000],
      "openat, past the page cache": [Call.openat, -100, secretFile, 0o40000],
      "openat2, flags in memory": [Call.openat2, -100, writableFile, [2, ...Array<number>(23).fill(0)], 24],
      creat: [Call.creat, writableFile, 0o600],
      truncate: [Call.truncate, writableFile, 0],
      "a handle in place of a name": [
        Call.nameToHandle,
        -100,
        secretFile,
        [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        0,
      ],
      "by handle": [Call.openByHandle, 0, [8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 2],
    });
  },
};
