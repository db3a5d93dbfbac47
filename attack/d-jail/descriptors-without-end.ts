import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Opens a directory that it has again and again. */
const openAll: Doing<number> = ({ call, descriptors, text }, most) => {
  const name = text(".");
  const open = descriptors();
  const directory = open.find((fd) => call(257, fd, name, 0o2200000) >= 0);
  if (directory === undefined) return "there is no directory";
  for (let count = 0; count < most; count++) {
    const fd = call(257, directory, name, 0o2200000);
    if (fd < 0) return `errno ${-fd} at ${descriptors().length}`;
  }
  return "no end";
};

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over opens no more than 1,024 files at a time.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      // EMFILE, asm-generic/errno-base.h
      assert.equal(await captive.says(openAll, 5000), "errno 24 at 1024");
    }),
};
