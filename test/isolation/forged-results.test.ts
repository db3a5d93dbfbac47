import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** A complete answer to the next run, in the formats that channels of this package ever had. */
const FORGED = `
import json, struct
header = json.dumps({"type": "result", "id": 2, "ending": {"kind": "exited", "code": 0}, "stdoutBytes": 6, "stderrBytes": 0,
  "startedUs": 1, "runMs": 0, "rollbackMs": 0, "reads": [], "changes": [],
  "diagnostics": {"unknownSyscalls": {}, "egressAttempts": {}, "exits": 0, "syscalls": 0, "peakMemoryBytes": 0}}).encode()
frame = struct.pack("<II", len(header), 6) + header + b"forged"
numbered = bytes(16) + struct.pack("<QQQ", 2, len(header), 6) + header + b"forged"
`;

/** Contents whose length is small again in 32 bits: what follows would be read as frames of the channel. */
test("a file of four gigabytes cannot answer for the next run in its cell", { skip: kvmMissing() }, async () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-forged-"));
  const sandbox = await Sandbox.open({
    cells: 1,
    cacheDirectory: TEST_CACHE,
    mounts: [{ kind: "overlay", host, guest: "/tree" }],
    limits: { wallMs: 30_000 },
  });
  try {
    for (const frames of ["frame", "numbered"]) {
      const code = `${FORGED}
with open("/tree/f", "wb") as f:
  f.write(${frames} * 1000); f.truncate((1 << 32) + 16)`;
      const first = await sandbox.run({ tool: "python", code });
      assert.equal(first.status === "limit" && first.limit, "overlay", "it is more than a run may write");
      for (let run = 0; run < 3; run++) {
        const next = await sandbox.run({ tool: "shell", code: "echo mine" });
        assert.equal(next.stdoutText, "mine\n");
      }
    }
  } finally {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  }
});
