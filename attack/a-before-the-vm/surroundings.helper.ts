import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { searchPython } from "../../src/sandbox/templates/host-python.ts";
import { patiently } from "../../test/patience.ts";
import { TrapDirectory } from "../../test/traps/trap-directory.ts";
import type { Stage } from "../stage.ts";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = join(ROOT, "bin", "ztl.js");
const PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin";
/** A template is built within some seconds; this is for a busy machine. */
const TIMEOUT_MS = patiently(50_000);

type Environment = Readonly<Record<string, string>>;

/**
 * A project that somebody else filled with traps, and ztl used in it. It lies below the home directory: in /tmp, where
 * everybody may write, the wall that is meant would not be the only one.
 */
export class Surroundings implements Disposable {
  readonly base: string = mkdtempSync(join(homedir(), ".ztl-attack-"));
  readonly traps: TrapDirectory = new TrapDirectory(join(this.base, "project"), join(this.base, "ran"));
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  get project(): string {
    return this.traps.path;
  }

  /** An ordinary directory beside the project. */
  directory(name: string): string {
    const path = join(this.base, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  ztl(args: readonly string[], env: Environment = {}, cwd: string = this.project): SpawnSyncReturns<string> {
    return this.#start([LAUNCHER, ...args], env, cwd);
  }

  /** A program that uses the library and lies beside the project. `ztl` is all that the library exports. */
  library(code: string, env: Environment = {}, cwd: string = this.project): SpawnSyncReturns<string> {
    const program = join(this.base, "program.mjs");
    writeFileSync(program, `import * as ztl from ${JSON.stringify(join(ROOT, "src", "index.ts"))};\n${code}\n`);
    return this.#start([program], env, cwd);
  }

  /** What was started did its work, which `expected` shows, and nothing of the project was executed for it. */
  assertUntouched({ stdout, stderr }: SpawnSyncReturns<string>, expected: RegExp): void {
    assert.deepEqual(this.traps.ran(), [], `executed on the host; ${stderr}`);
    assert.match(stdout + stderr, expected);
  }

  /** Last: the trap is one, for a Python that is started as ztl must not start it. */
  assertAlive(trap: string, args: readonly string[], env: Environment = {}): void {
    const python = searchPython({ workingDirectory: "/" }).python?.executable ?? "python3";
    const { stderr } = spawnSync(python, args, { cwd: this.project, env, encoding: "utf8" });
    this.assertWentOff(trap, stderr);
  }

  assertWentOff(trap: string, about = ""): void {
    assert.ok(this.traps.ran().includes(trap), `${trap} is no trap: ${this.traps.ran()} ${about}`);
  }

  #start(args: readonly string[], env: Environment, cwd: string): SpawnSyncReturns<string> {
    return spawnSync(process.execPath, [...args], {
      cwd,
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      env: {
        ...process.env,
        PATH: PLAIN_PATH,
        // Templates are shared by these attacks.
        XDG_CACHE_HOME: this.#stage.cacheDirectory,
        XDG_STATE_HOME: join(this.base, "state"),
        ...env,
      },
    });
  }
}
