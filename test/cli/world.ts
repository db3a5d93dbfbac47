import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ZeroTrustLoop } from "../../src/loop/index.ts";
import { testConfig } from "../../src/loop/testing.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));

/** A project with a configuration file, in which the real command is run. */
export class CliWorld {
  readonly directory = mkdtempSync(join(tmpdir(), "ztl-cli-"));
  readonly project = join(this.directory, "project");

  constructor() {
    for (const name of ["project", "inbox"]) mkdirSync(join(this.directory, name));
    this.configure({});
  }

  configure(more: object): void {
    writeFileSync(join(this.directory, "ztl.config.json"), JSON.stringify({ ...testConfig(), ...more }));
  }

  /** As `ztl`, while this process goes on answering. */
  async ztlBeside(...args: string[]): Promise<[status: number, text: string]> {
    const child = this.start(...args);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const [status] = (await once(child, "close")) as [number];
    return [status, text];
  }

  /** What an agent's own process would hold. */
  async withLoop<T>(work: (loop: ZeroTrustLoop) => Promise<T>): Promise<T> {
    const loop = await ZeroTrustLoop.open({ config: join(this.directory, "ztl.config.json") });
    try {
      return await work(loop);
    } finally {
      await loop.close();
    }
  }

  ztl(...args: string[]): SpawnSyncReturns<string> {
    return spawnSync(process.execPath, [LAUNCHER, ...args], { cwd: this.directory, encoding: "utf8", timeout: 60_000 });
  }

  start(...args: string[]) {
    return spawn(process.execPath, [LAUNCHER, ...args], { cwd: this.directory, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** The command on a terminal, with lines typed into it; what the terminal showed. */
  onTerminal(typed: string, ...args: string[]): SpawnSyncReturns<string> {
    const command = [process.execPath, LAUNCHER, ...args].map((part) => `'${part}'`).join(" ");
    // script(1) of util-linux gives it a terminal; echo off, so that only what was printed is seen.
    return spawnSync("script", ["-qec", `stty -echo; ${command}`, "/dev/null"], {
      cwd: this.directory,
      encoding: "utf8",
      input: typed,
      timeout: 60_000,
      env: { ...process.env, NO_COLOR: "1", TERM: "xterm" },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
