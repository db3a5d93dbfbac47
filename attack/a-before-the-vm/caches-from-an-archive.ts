import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Attack } from "../attack.ts";

const CALL = { tool: "shell", code: "echo $((6 * 7))" } as const;

export const attack: Attack = {
  promise: 58,
  must: "Templates that came with the very key they are signed with, copied with all permissions and times, are refused and built anew.",
  needs: ["kvm"],
  async run(stage) {
    const made = join(stage.directory, "made");
    const maker = await stage.sandbox({ cacheDirectory: made });
    assert.equal((await maker.run(CALL)).stdoutText, "42\n");
    const again = await stage.sandbox({ cacheDirectory: made });
    await again.run(CALL);
    assert.ok(
      again.events.some(({ type }) => type === "template-loaded"),
      "where they were made they count",
    );
    const copied = join(stage.directory, "copied");
    execFileSync("cp", ["-a", made, copied]);
    const sandbox = await stage.sandbox({ cacheDirectory: copied });
    assert.equal((await sandbox.run(CALL)).stdoutText, "42\n");
    const types = sandbox.events.map(({ type }) => type);
    assert.deepEqual(types, ["template-refused", "template-built"]);
  },
};
