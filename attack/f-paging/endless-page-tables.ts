import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
at = mmap(1 << 46, flags=PRIVATE | ANON | NORESERVE)
for place in range(at, at + (1 << 46), 1 << 21):
    ctypes.memset(place, 1, 1)
print("all")
`;

export const attack: Attack = {
  promise: 9,
  must: "A program that touches a page in each page table of a huge mapping ends at its memory limit, and the cell goes on.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({ limits: { memoryBytes: 96 << 20, wallMs: 20_000 } });
    const result = await sandbox.run({ tool: "python", code: `${MAPPING}\n${PROGRAM}` });
    sandbox.assertContained(result);
    assert.equal(result.status, "limit");
    assert.equal(result.stdoutText, "");
  },
};
