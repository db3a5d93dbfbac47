import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { type Launcher, type LaunchReport, parseReport } from "../../vmm/index.ts";

/** Far more than a launcher says. */
const REPORT_BYTES_MAX = 64 * 1024;
/** A launcher ends as soon as its cell is gone; one that does not is stopped by somebody. */
const LAUNCHER_GRACE_MS = 1000;

/** Hears what the launcher of one cell reports, and ends the cell. */
export class LaunchWatch {
  readonly #child: ChildProcess;
  readonly #launcher: Launcher;
  #bytes = Buffer.alloc(0);

  constructor(child: ChildProcess, report: Duplex | undefined, launcher: Launcher) {
    this.#child = child;
    this.#launcher = launcher;
    report?.on("data", (chunk: Buffer) => {
      if (this.#bytes.length < REPORT_BYTES_MAX) this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    report?.on("error", () => {});
    // It ends when the cell's program begins, and keeps no host process alive until then.
    (report as unknown as { unref(): void } | undefined)?.unref();
  }

  /** The cell's process id, once it is known. */
  get pid(): number | undefined {
    return this.#report.pid ?? this.#child.pid;
  }

  /** Why the cell's program did not begin, in words; undefined when it did. */
  get failure(): string | undefined {
    const failure = this.#launcher.failure(this.#report);
    return failure && `it could not be confined: ${failure.step} failed (errno ${failure.errno})`;
  }

  /**
   * Kills the cell. Its launcher then ends, too, and not before the cell is gone: so the end of the child is the end of
   * both.
   */
  kill(): void {
    if (this.#hasEnded()) return;
    const { pid } = this.#report;
    if (pid === undefined) {
      this.#killGroup();
      return;
    }
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
    setTimeout(() => this.#killGroup(), LAUNCHER_GRACE_MS).unref();
  }

  get #report(): LaunchReport {
    return parseReport(this.#bytes);
  }

  #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#hasEnded()) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group does not exist before the child's setsid, and no more after its end.
      this.#child.kill("SIGKILL");
    }
  }
}
