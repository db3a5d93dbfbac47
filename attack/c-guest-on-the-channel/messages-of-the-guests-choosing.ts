import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

const STEERING = "\u001b[2J\u202e\u0007";

export const attack: Attack = {
  promise: 11,
  must: "Why a program does not run is said in a message of bounded length, whatever its name is, and the cell is used again.",
  needs: ["kvm"],
  quick: true,
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    const names = [
      `/${"n".repeat(4090)}`,
      `/${STEERING.repeat(200)}`,
      "/".repeat(4000),
      `./${"\u{10ffff}".repeat(900)}`,
    ];
    for (const program of names) {
      const result = await sandbox.run({ tool: "exec", program });
      assert.equal(result.status, "error");
      assert.ok(result.status === "error" && result.error.code.startsWith("program-"));
      assert.ok(result.status === "error" && result.error.message.length <= 32 * 1024);
      const inside = await sandbox.run({ tool: "exec", program: "/bin/true", cwd: `/${STEERING.repeat(100)}` });
      assert.ok(inside.status === "error" && inside.error.code === "cwd-not-found");
    }
    sandbox.assertNoCellLost();
  },
};
