import { canonicalise } from "../ledger/index.ts";
import type { SandboxTool } from "../policy/index.ts";
import { type CallerMount, Sandbox, type SandboxEvent } from "../sandbox/index.ts";

export interface SandboxesOptions {
  readonly cacheDirectory?: string | false | undefined;
  readonly cells?: number | undefined;
  readonly onEvent: (event: SandboxEvent) => void;
}

/**
 * The sandboxes behind the tools: one for each way the host is shown to a guest, made when first needed. Tools that see the
 * same mounts with the same memory share cells.
 */
export class Sandboxes {
  readonly #options: SandboxesOptions;
  readonly #open = new Map<string, Promise<Sandbox>>();

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  /** Throws what `Sandbox.open` throws. */
  for(tool: SandboxTool): Promise<Sandbox> {
    const mounts = toCallerMounts(tool);
    const memoryBytes = tool.limits?.memoryBytes;
    const key = canonicalise({ mounts: mounts.map((mount) => ({ ...mount })), memoryBytes: memoryBytes ?? null });
    let sandbox = this.#open.get(key);
    if (sandbox === undefined) {
      sandbox = this.#make(mounts, memoryBytes);
      this.#open.set(key, sandbox);
      // What cannot be opened now (a directory that is not there yet) may be possible at the next call.
      sandbox.catch(() => this.#open.delete(key));
    }
    return sandbox;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(async (sandbox) => (await sandbox.catch(() => undefined))?.close()));
  }

  #make(mounts: CallerMount[], memoryBytes: number | undefined): Promise<Sandbox> {
    const { cacheDirectory, cells, onEvent } = this.#options;
    return Sandbox.open({
      mounts,
      onEvent,
      ...(memoryBytes === undefined ? {} : { limits: { memoryBytes } }),
      ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
      ...(cells === undefined ? {} : { cells }),
    });
  }
}

function toCallerMounts(tool: SandboxTool): CallerMount[] {
  return (tool.mounts ?? []).map(({ host, guest, mode }) => ({ kind: mode, host, guest }));
}

/** Where a guest's changes belong on the host. */
export function overlayRoots(tool: SandboxTool): { hostRoot: string; guestRoot: string }[] {
  return (tool.mounts ?? [])
    .filter(({ mode }) => mode === "overlay")
    .map(({ host, guest }) => ({ hostRoot: host, guestRoot: guest }));
}
