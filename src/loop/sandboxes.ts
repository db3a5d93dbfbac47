import { statSync } from "node:fs";
import { defined } from "../base/optional.ts";
import type { IsolationConfig, SandboxTool } from "../policy/index.ts";
import { type CallerMount, Sandbox, type SandboxEvent } from "../sandbox/index.ts";

export interface SandboxesOptions {
  readonly cacheDirectory?: string | false | undefined;
  readonly cells?: number | undefined;
  /** Walls without which no tool runs. */
  readonly isolation: IsolationConfig | undefined;
  /** The Python that the configuration names. */
  readonly pythonProgram?: string | undefined;
  /** Host paths that any tool sees: an agent's approved changes to one tool's mount must not become what another tool runs. */
  readonly mounted: readonly string[];
  /** Directories that no guest sees, whatever is mounted. */
  readonly hidden: readonly string[];
  readonly onEvent: (event: SandboxEvent) => void;
}

/**
 * The sandboxes behind the tools: one for each way the host is shown to a guest, made when first needed. Tools that see the
 * same mounts with the same memory share cells.
 */
export class Sandboxes {
  readonly #options: SandboxesOptions;
  readonly #open = new Map<string, OpenSandbox>();

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  /** Throws what `Sandbox.open` throws. */
  for(tool: SandboxTool): Promise<Sandbox> {
    const mounts = toCallerMounts(tool);
    const memoryBytes = tool.limits?.memoryBytes;
    const key = JSON.stringify({ mounts, memoryBytes });
    const places = mounts.map(identityOf).join();
    const known = this.#open.get(key);
    if (known?.places === places) return known.sandbox;
    // A directory that was replaced as a whole is another one: cells hold on to the one they were shown.
    known?.sandbox.then((sandbox) => sandbox.close()).catch(() => {});
    const sandbox = this.#make(mounts, memoryBytes);
    this.#open.set(key, { sandbox, places });
    // What cannot be opened now (a directory that is not there yet) may be possible at the next call.
    sandbox.catch(() => this.#open.delete(key));
    return sandbox;
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    await Promise.all(all.map(async ({ sandbox }) => (await sandbox.catch(() => undefined))?.close()));
  }

  #make(mounts: HostMount[], memoryBytes: number | undefined): Promise<Sandbox> {
    const { cacheDirectory, cells, isolation, pythonProgram: program, mounted, hidden, onEvent } = this.#options;
    return Sandbox.open({
      mounts,
      onEvent,
      hidden: [...hidden],
      python: { ...defined({ program }), notFrom: [...mounted] },
      ...defined({ limits: memoryBytes === undefined ? undefined : { memoryBytes } }),
      ...defined({ cacheDirectory, cells, isolation }),
    });
  }
}

interface OpenSandbox {
  readonly sandbox: Promise<Sandbox>;
  /** Which files and directories its mounts showed when it was opened. */
  readonly places: string;
}

function identityOf({ host }: HostMount): string {
  const found = statSync(host, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "nothing" : `${found.dev}:${found.ino}`;
}

type HostMount = Extract<CallerMount, { kind: "ro" | "overlay" }>;

function toCallerMounts(tool: SandboxTool): HostMount[] {
  return (tool.mounts ?? []).map(({ host, guest, mode, exclude }) => ({
    kind: mode,
    host,
    guest,
    ...defined({ exclude: exclude && [...exclude] }),
  }));
}

/** What a guest is shown of the host. */
export function mountRoots({ mounts = [] }: SandboxTool): { hostRoot: string; guestRoot: string }[] {
  return mounts.map(({ host, guest }) => ({ hostRoot: host, guestRoot: guest }));
}

/** Where a guest's changes belong on the host. */
export function overlayRoots({ mounts = [], ...tool }: SandboxTool): { hostRoot: string; guestRoot: string }[] {
  return mountRoots({ ...tool, mounts: mounts.filter(({ mode }) => mode === "overlay") } as SandboxTool);
}
