import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "However a guest ends, with any status and by any signal, the result says so, and the host does not take it for a forgery.",
  needs: ["kvm", "python"],
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    for (const status of [0, 1, 2, 127, 128, 137, 255, 256, -1, 2 ** 31]) {
      const result = await sandbox.run({
        tool: "python",
        code: `import ctypes\nctypes.CDLL(None)._exit(ctypes.c_int(${status}))`,
      });
      assert.equal(result.exitCode, status & 255);
      assert.equal(result.status, (status & 255) === 0 ? "ok" : "failed");
    }
    for (let signal = 1; signal <= 64; signal++) {
      const code = `import os, signal, time\nif ${signal} not in (9, 19, 32, 33): signal.signal(${signal}, signal.SIG_DFL)\nos.kill(os.getpid(), ${signal})`;
      const result = await sandbox.run({ tool: "python", code, limits: { wallMs: 1000 } });
      assert.ok(["ok", "signaled", "limit", "error"].includes(result.status), `${signal}: ${result.status}`);
      if (result.status === "signaled") assert.equal(result.signalNumber, signal);
      if (result.status === "error") assert.equal(result.error.code, "guest-stuck");
      sandbox.assertNoCellLost(`signal ${signal}`);
    }
  },
};
