import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import { type CellGroup, descriptorPair, type Launcher } from "../../vmm/index.ts";
import { LaunchWatch } from "./launch-watch.ts";

export interface StartOptions {
  readonly launcher: Launcher;
  /** Descriptor inherited by the cell: a sealed memory image, or the file a template is written to. */
  readonly memoryFd?: number | undefined;
}

/** A cell's process, as its handle needs it. */
export interface StartedCell {
  /** The launcher, which becomes the cell or waits for it, and ends as it does. */
  readonly child: ChildProcess;
  /** The host's end of the channel. */
  readonly channel: Duplex;
  /** Only the cell's own failures appear there, never guest output. */
  readonly stderr: Readable;
  readonly launch: LaunchWatch;
  /** The control group around it, where this host has one; removed when it has ended. */
  readonly group: CellGroup | undefined;
  /** Descriptor of the host's end of the channel that carries open files; the handle's to close. */
  readonly files: number;
}

/**
 * Starts the process of one cell. That it could not be started is told by the child's `error` event.
 * @throws ZtlError `cgroup-unavailable` when this host has control groups no longer.
 */
export function startCell({ launcher, memoryFd }: StartOptions): StartedCell {
  const group = launcher.makeGroup();
  const members = group?.openMembers();
  const nothing = openSync("/dev/null", "r");
  // Opened here, so that a cell has no path to it. Where it cannot be, the cell tells.
  const kvm = openKvm() ?? nothing;
  const files = descriptorPair();
  try {
    const child = spawn(launcher.path, [], {
      env: {},
      // As in vmm/host/launcher/descriptors.ts.
      stdio: [
        "ignore",
        "ignore",
        "pipe",
        "pipe",
        memoryFd ?? nothing,
        kvm,
        launcher.ruleset,
        "pipe",
        members ?? nothing,
        launcher.userNamespace ?? nothing,
        files.cell,
      ],
      // A process group of its own: a Ctrl-C meant for the host does not reach it, and it can be killed as a whole.
      detached: true,
      cwd: "/",
    });
    const [, , stderr, channel, , , , report] = child.stdio as unknown as [null, null, Readable, Duplex, ...Duplex[]];
    for (const end of ["close", "error"]) child.once(end, () => void group?.remove());
    const watch = new LaunchWatch(child, report as Duplex, launcher);
    return { child, channel, stderr, launch: watch, group, files: files.host };
  } catch (error) {
    closeSync(files.host);
    throw error;
  } finally {
    closeSync(nothing);
    closeSync(files.cell);
    if (members !== undefined) closeSync(members);
    if (kvm !== nothing) closeSync(kvm);
  }
}

function openKvm(): number | undefined {
  try {
    return openSync("/dev/kvm", constants.O_RDWR);
  } catch {
    return undefined;
  }
}
