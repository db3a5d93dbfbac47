import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

/** Each of the three is more than a result may carry: in sum, in depth, in number. */
const CODES: Readonly<Record<string, string>> = {
  long: `
deep = "/data"
for _ in range(14): deep += "/" + "\\x01" * 250; os.mkdir(deep)
for i in range(12000): os.mkdir(f"{deep}/{i:0>250}")`,
  deep: `
for _ in range(8000): os.mkdir("d"); os.chdir("d")`,
  many: `
for d in range(250):
  os.mkdir(f"/data/{d}")
  for i in range(1000): os.mkdir(f"/data/{d}/{i}")`,
};

export const attack: Attack = {
  promise: 9,
  must: "Names too long, too deep or too many for a result end the run with their own limit, its output kept; no cell is lost.",
  needs: ["kvm", "python"],
  timeoutMs: 180_000,
  run: async (stage) => {
    const sandbox = await withOverlay(stage, { memoryBytes: 1 << 30, wallMs: 60_000, cpuMs: 60_000 });
    for (const [what, code] of Object.entries(CODES)) {
      const result = await sandbox.run({
        tool: "python",
        code: `import os\nprint("kept", flush=True)${code}\nprint("end")`,
      });
      assert.equal(result.status, "limit", `${what}: ${JSON.stringify(result.status === "error" && result.error)}`);
      assert.ok(
        result.status === "limit" && ["names", "memory"].includes(result.limit),
        `${what}: ${JSON.stringify(result.status === "limit" && result.limit)}`,
      );
      assert.match(result.stdoutText, /^kept\n/, what);
      sandbox.assertNoCellLost(what);
    }
  },
};
