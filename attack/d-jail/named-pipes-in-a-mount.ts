import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Opens it to be read, from whichever descriptor leads there. */
const listen: Doing<null> = ({ call, descriptors, text, memory, koffi }) => {
  const name = text("pipe");
  const buffer = memory(64);
  for (const directory of descriptors()) {
    const fd = call(257, directory, name, 0o2000000);
    if (fd < 0) continue;
    const length = call(0, fd, buffer, 64);
    return Buffer.from(koffi.view(BigInt(buffer), Math.max(0, length))).toString();
  }
  return "found none";
};

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over takes nothing out of a named pipe that lies in a mount.",
  needs: ["kvm"],
  known: "no wall of Linux tells a named pipe from a file: THREAT_MODEL.md, named pipes",
  async run(stage) {
    const host = stage.newDirectory();
    execFileSync("mkfifo", [`${host}/pipe`]);
    const writer = spawn("/bin/sh", ["-c", `echo "for another" > "${host}/pipe"`], { stdio: "ignore" });
    try {
      await withCaptive(
        stage,
        async (captive) => {
          await sleep(50);
          assert.equal(await captive.says(listen, null), "found none");
        },
        { mounts: [{ kind: "ro", guest: "/data", host }] },
      );
    } finally {
      writer.kill("SIGKILL");
    }
  },
};
