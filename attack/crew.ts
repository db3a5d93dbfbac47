import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { patiently } from "../test/patience.ts";
import { type Attack, type Outcome, TIMEOUT_MS } from "./attack.ts";
import {
  newSecret,
  plantFiles,
  SECRET_DESCRIPTOR,
  SECRET_FILE,
  SECRET_VARIABLE,
  WRITABLE_DESCRIPTOR,
  WRITABLE_FILE,
} from "./canaries.ts";
import type { LoadedAttack } from "./discover.ts";

/** Carries out attacks in a process of their own, and replaces it when it dies, hangs, or its canaries were reached. */

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
const START_TIMEOUT_MS = patiently(60_000);
/** What is kept of a worker's own output, for the message when it dies. */
const OUTPUT_KEPT = 2000;
/** A shell, because only it leaves descriptors open that Node does not know of, beyond a gap in their numbers. */
const SHELL = "/bin/bash";
const WITH_DESCRIPTORS = `cd "$1"; exec ${SECRET_DESCRIPTOR}<${SECRET_FILE} ${WRITABLE_DESCRIPTOR}>>${WRITABLE_FILE}; cd /; shift; exec "$@"`;

type Answer = Pick<Outcome, "status" | "message" | "durationMs">;

export class Crew {
  #worker: Worker | undefined;

  /** Never throws: whatever happens to the worker is what became of the attack. */
  async carryOut({ name, className, attack }: LoadedAttack): Promise<Outcome> {
    const startedMs = performance.now();
    const outcome = (answer: Omit<Answer, "durationMs">): Outcome => ({
      name,
      className,
      durationMs: performance.now() - startedMs,
      ...answer,
    });
    try {
      this.#worker ??= await Worker.start();
      const answer = await this.#worker.ask(name, timeoutOf(attack));
      if (answer.status === "effect" || answer.status === "open") this.dismiss();
      return outcome(answer);
    } catch (error) {
      this.dismiss();
      return outcome({ status: "effect", message: error instanceof Error ? error.message : String(error) });
    }
  }

  dismiss(): void {
    this.#worker?.end();
    this.#worker = undefined;
  }
}

function timeoutOf({ timeoutMs = TIMEOUT_MS }: Attack): number {
  return patiently(timeoutMs);
}

class Worker {
  readonly #process: ChildProcess;
  readonly #directory: string;
  #output = "";

  private constructor(child: ChildProcess, directory: string) {
    this.#process = child;
    this.#directory = directory;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-OUTPUT_KEPT);
      });
    }
  }

  static async start(): Promise<Worker> {
    const directory = mkdtempSync(join(tmpdir(), "ztl-canaries-"));
    const secret = newSecret();
    plantFiles(directory, secret);
    const command = [process.execPath, WORKER, directory];
    const node = existsSync(SHELL) ? [SHELL, "-c", WITH_DESCRIPTORS, "sh", directory, ...command] : command;
    const [program = "", ...args] = node;
    const child = spawn(program, args, {
      // A group of its own, so that it can be ended with all it started.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, [SECRET_VARIABLE]: secret },
    });
    const worker = new Worker(child, directory);
    await worker.#answer(START_TIMEOUT_MS, "the worker did not start");
    return worker;
  }

  ask(name: string, timeoutMs: number): Promise<Answer> {
    const answer = this.#answer(timeoutMs, `it did not end within ${timeoutMs / 1000} s`);
    this.#process.send(name);
    return answer as Promise<Answer>;
  }

  /** The worker removes its canaries when it can; what is left of a dead one is removed here. */
  end(): void {
    const child = this.#process;
    const remove = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      rmSync(this.#directory, { recursive: true, force: true });
    };
    if (child.exitCode !== null || child.signalCode !== null) {
      remove();
      return;
    }
    const timer = setTimeout(remove, 2000);
    child.once("exit", () => {
      clearTimeout(timer);
      remove();
    });
    if (child.connected) child.disconnect();
  }

  async #answer(timeoutMs: number, tooLate: string): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    const timer = setTimeout(() => over.abort(), timeoutMs);
    try {
      const answered = once(this.#process, "message", { signal }).then(([message]) => message as unknown);
      const died = once(this.#process, "exit", { signal }).then(([code, by]) => {
        throw new Error(`the host process died (${by ?? `status ${code}`}): ${this.#output.trim()}`);
      });
      return await Promise.race([answered, died]);
    } catch (error) {
      if (!signal.aborted) throw error;
      if (this.#process.pid !== undefined) killGroup(this.#process.pid);
      throw new Error(`${tooLate}: ${this.#output.trim()}`);
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left of it.
  }
}
