import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HiddenPlaces, kernelMounts } from "../../src/base/hidden-places.ts";
import { availableLayers } from "../../src/vmm/index.ts";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** What can be read of files, by their paths and from whichever descriptor leads on. */
const read: Doing<{ paths: string[]; below: string }> = (
  { call, descriptors, text, memory, koffi },
  { paths, below },
) => {
  const buffer = memory(256);
  const got: string[] = [];
  for (const directory of [-100, ...descriptors()]) {
    for (const path of [...paths, below]) {
      const fd = call(257, directory, text(path), 0o2004000);
      const length = fd < 0 ? 0 : call(0, fd, buffer, 256);
      if (length > 0) got.push(Buffer.from(koffi.view(BigInt(buffer), length)).toString("latin1"));
    }
  }
  return got.join("\n");
};

export const attack: Attack = {
  promise: 63,
  must: "A cell that was taken over reads neither a key of ztl's nor the host's /proc, although what is around them is mounted.",
  needs: ["kvm"],
  async run(stage) {
    // Landlock's rules only add: where a cell has no root of its own they cannot leave a part of a mount out.
    if (!availableLayers().available.has("mount")) return;
    const host = stage.newDirectory();
    const own = join(host, "own");
    mkdirSync(own);
    writeFileSync(join(own, "key"), "secret of ours");
    writeFileSync(join(host, "seen"), "not secret");
    const hidden = HiddenPlaces.of([own], kernelMounts()).data;
    for (const [mount, below] of [
      [host, ""],
      ["/", host.slice(1)],
    ] as const) {
      await withCaptive(
        stage,
        async (captive) => {
          const paths = [
            join(own, "key"),
            join(host, "seen"),
            "/proc/1/status",
            "/proc/self/status",
            "/sys/kernel/notes",
          ];
          const got = await captive.says(read, { paths, below: join(below, "own", "key") });
          assert.match(got, /not secret/, "what is mounted can be read");
          assert.doesNotMatch(got, /secret of ours|Name:|GNU/);
        },
        { mounts: [{ kind: "ro", guest: "/data", host: mount }], hidden },
      );
    }
  },
};
