import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ZeroTrustLoop } from "../../src/index.ts";
import { makeProject, type Step } from "./session.ts";
import { readTree } from "./tree.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));
const AGENT = fileURLToPath(new URL("./agent.ts", import.meta.url));
/** Of a command that takes a second: whatever takes this long hangs. */
const HANGS_AFTER_MS = 600_000;

/** What an agent's process is told of a call. */
export interface Told {
  readonly status: string;
  readonly text: string;
  readonly forModel: string;
  readonly reviewId?: string;
}

/** What `ztl review --json` lists. */
export interface Listed {
  readonly id: string;
  readonly hash: string;
  readonly state: string;
}

/** A project with what `ztl policy init` writes, the command as a person types it, and agents as processes of their own. */
export class StarterWorld {
  readonly #place = mkdtempSync(join(tmpdir(), "ztl-starter-"));
  readonly project = join(this.#place, "project");
  /** The same project, in which the same is done without any of this. */
  readonly native = join(this.#place, "native");
  readonly #env = { ...process.env, XDG_STATE_HOME: join(this.#place, "states") };

  constructor() {
    for (const directory of [this.project, this.native]) {
      mkdirSync(directory);
      makeProject(directory);
    }
    assert.equal(this.ztl("policy", "init").status, 0);
    cpSync(join(this.project, "ztl.config.json"), join(this.native, "ztl.config.json"), { preserveTimestamps: true });
  }

  ztl(...args: string[]) {
    const options = { cwd: this.project, env: this.#env, encoding: "utf8", timeout: HANGS_AFTER_MS } as const;
    return spawnSync(process.execPath, [LAUNCHER, ...args], options);
  }

  /** The same beside other work of this process. */
  async beside(...args: string[]): Promise<{ readonly status: number | null; readonly text: string }> {
    const options = { cwd: this.project, env: this.#env, timeout: HANGS_AFTER_MS };
    const child = spawn(process.execPath, [LAUNCHER, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const closed = once(child, "close");
    const printed = await Promise.all([text(child.stdout), text(child.stderr)]);
    await closed;
    return { status: child.exitCode, text: printed.join("") };
  }

  json<T>(...args: string[]): T {
    const { stdout, stderr, status } = this.ztl(...args, "--json");
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  /** What a process of its own is told, that makes these calls at once in one conversation. */
  async agent(conversation: string, steps: readonly Step[]): Promise<readonly Told[]> {
    const child = spawn(process.execPath, [AGENT, this.project, conversation], {
      env: this.#env,
      cwd: this.project,
      timeout: HANGS_AFTER_MS,
    });
    child.stdin.end(JSON.stringify(steps));
    const [printed, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(complaints, "");
    return JSON.parse(printed) as Told[];
  }

  /** In this process, with a state of its own. */
  open(cells?: number): Promise<ZeroTrustLoop> {
    const stateDirectory = join(this.#place, "library");
    return ZeroTrustLoop.open({
      config: join(this.project, "ztl.config.json"),
      stateDirectory,
      ...(cells !== undefined && { cells }),
    });
  }

  /** What is in the project, and in the native one. */
  trees(): [project: Map<string, string>, native: Map<string, string>] {
    return [readTree(this.project), readTree(this.native)];
  }

  [Symbol.dispose](): void {
    rmSync(this.#place, { recursive: true, force: true });
  }
}
