import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { KernelImage, MountSpec } from "../../linux/index.ts";
import { DEFAULT_LIMITS, type RunLimits } from "../../linux/limits.ts";
import type { MachineImage } from "../../vmm/index.ts";
import type { SandboxEvent } from "../call.ts";
import type { ResultReply } from "../cell/protocol.ts";
import { monotonicUs } from "../cell/protocol.ts";
import { Pool } from "../pool/pool.ts";
import type { RunResult } from "../result.ts";
import { runInCell } from "../run.ts";

const PROGRAM = fileURLToPath(new URL("hostile-cell.ts", import.meta.url));

/** What the hostile cell does when it is asked for a run. */
export type Step =
  | {
      readonly do: "frame";
      /** `"@now"` in it stands for the time of sending. */
      readonly header?: object;
      readonly headerText?: string;
      readonly bodyBase64?: string;
      readonly nonceHex?: string;
      /** Added to the number that was asked for. */
      readonly idAhead?: number;
      /** Announced instead of the real lengths; as text, since they may be beyond all numbers. */
      readonly headerBytes?: string;
      readonly bodyBytes?: string;
    }
  | { readonly do: "bytes"; readonly base64: string; readonly times?: number }
  | { readonly do: "say"; readonly text: string }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "exit"; readonly status: number };

/** What its guests are shown. */
export const MOUNTS: readonly MountSpec[] = [
  { kind: "overlay", guest: "/project", host: "/srv/project" },
  { kind: "ro", guest: "/project/vendor", host: "/srv/vendor" },
  { kind: "ro", guest: "/usr", host: "/usr" },
  { kind: "ro", guest: "/etc/hosts", host: "/etc/hosts" },
  { kind: "tmpfs", guest: "/tmp" },
];

/** An honest cell's answer to `true`. */
export function honest(changed: Partial<Record<keyof ResultReply, unknown>> = {}): Record<string, unknown> {
  return {
    type: "result",
    ending: { kind: "exited", code: 0 },
    stdoutBytes: 0,
    stderrBytes: 0,
    startedUs: "@now",
    runMs: 0,
    rollbackMs: 0,
    reads: [],
    changes: [],
    diagnostics: { unknownSyscalls: {}, egressAttempts: {}, exits: 1, syscalls: 1, peakMemoryBytes: 4096 },
    ...changed,
  };
}

/** A pool of one hostile cell after the other, and runs in it. */
export class HostilePool {
  readonly events: SandboxEvent[] = [];
  readonly pool = new Pool({
    name: "exec",
    config: { mounts: MOUNTS, hostname: "guest", uid: 0, gid: 0 },
    cells: 1,
    queue: 8,
    compileCache: undefined,
    memoryBytes: 2 ** 31,
    program: PROGRAM,
    provide: async () => ({
      key: "hostile",
      memoryFd: openSync("/dev/null", "r"),
      // Nothing looks at them: neither is loaded.
      machine: {} as MachineImage,
      kernel: {} as KernelImage,
    }),
    onEvent: (event) => this.events.push(event),
  });

  /** Asks for a run, to which the cell does these steps. Rejects as runInCell does. */
  async run(steps: readonly Step[], limits: Partial<RunLimits> = {}): Promise<{ result: RunResult; pid: number }> {
    const cell = await this.pool.acquire();
    try {
      const plan = {
        template: "exec",
        job: undefined,
        program: null,
        cwd: "/",
        stdin: Buffer.from(JSON.stringify(steps)),
      } as const;
      const order = { plan, limits: { ...DEFAULT_LIMITS, ...limits }, calledUs: monotonicUs(), options: {} };
      return { result: await runInCell(cell, order), pid: cell.pid ?? 0 };
    } finally {
      this.pool.release(cell);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
  }
}
