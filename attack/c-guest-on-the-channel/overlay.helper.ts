import type { RunLimits } from "../../src/linux/limits.ts";
import type { AttackedSandbox } from "../attacked-sandbox.ts";
import type { Stage } from "../stage.ts";

/** A sandbox with an empty directory of the host at /data, in which a guest may change what it likes. */
export function withOverlay(stage: Stage, limits: Partial<RunLimits> = {}): Promise<AttackedSandbox> {
  return stage.sandbox({
    mounts: [{ kind: "overlay", host: stage.newDirectory(), guest: "/data" }],
    cwd: "/data",
    limits: { wallMs: 30_000, ...limits },
  });
}
