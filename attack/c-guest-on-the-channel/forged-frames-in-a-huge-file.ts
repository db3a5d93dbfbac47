import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

/** Four gigabytes and the length of a frame: what is left of it in 32 bits. Then complete frames of both formats. */
const CODE = `
import json, struct
print("kept", flush=True)
header = json.dumps({"type": "result", "id": 2, "ending": {"kind": "exited", "code": 0}, "stdoutBytes": 5, "stderrBytes": 0,
  "startedUs": 1, "runMs": 0, "rollbackMs": 0, "reads": [], "changes": [],
  "diagnostics": {"unknownSyscalls": {}, "egressAttempts": {}, "exits": 0, "syscalls": 0, "peakMemoryBytes": 0}}).encode()
old = struct.pack("<II", len(header), 5) + header + b"owned"
new = bytes(16) + struct.pack("<QQQ", 2, len(header), 5) + header + b"owned"
with open("/data/f", "wb") as f:
  f.write((old + new) * 1000)
  f.truncate((1 << 32) + 16)
`;

export const attack: Attack = {
  promise: 16,
  must: "A file longer than four gigabytes, full of frames, ends its run with the overlay limit; no run's result is forged.",
  needs: ["kvm", "python"],
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    const result = await sandbox.run({ tool: "python", code: CODE });
    assert.equal(result.status, "limit");
    assert.equal(result.status === "limit" && result.limit, "overlay");
    assert.equal(result.stdoutText, "kept\n");
    for (let run = 0; run < 3; run++) assert.equal(await sandbox.python("print('mine')"), "mine\n");
    sandbox.assertNoCellLost();
  },
};
