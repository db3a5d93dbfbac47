import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { plantPython, takenOf } from "./pythons.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

const SEEN = "import sys; print(sys.executable, 6 * 7)";

export const attack: Attack = {
  promise: 56,
  must: "A Python that lies in a mount, or whose library does, whatever link the mount is named by, is not what guests run.",
  needs: ["kvm", "python"],
  run(stage) {
    using around = new Surroundings(stage);
    const tools = around.directory("tools");
    const bin = plantPython(tools);
    const link = join(around.base, "link");
    symlinkSync(tools, link);
    assert.equal(takenOf([bin]), join(bin, "python3"), "without a mount it is the caller's");
    const searches: readonly [path: string, mount: string][] = [
      [bin, tools],
      [bin, join(tools, "lib")],
      [bin, join(tools, "lib", "python3.12", "os.py")],
      [bin, join(bin, "python3.12")],
      [bin, link],
      [join(link, "bin"), tools],
      [bin, around.base],
    ];
    for (const [path, mount] of searches) {
      const taken = takenOf([path], { mounts: [mount] });
      assert.ok(!taken.startsWith(around.base), `${taken}, with ${mount} mounted`);
    }
    const mounted = ["run", "--mount", `${link}:/tools`, "--python", SEEN];
    const run = around.ztl(
      mounted,
      { PATH: `${bin}:${join(link, "bin")}:/usr/bin:/bin` },
      around.directory("elsewhere"),
    );
    around.assertUntouched(run, new RegExp(`^(?!${around.base}).* 42$`, "m"));
  },
};
