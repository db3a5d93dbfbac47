import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { getPriority } from "node:os";
import { join } from "node:path";
import { treeDifferences, treeState } from "./tree-state.ts";

/**
 * What an attacker would like to reach on the host, and how it is told that it was reached: files, listening servers, a
 * process, variables and descriptors of the process that opens the sandbox.
 */

/** Where `attack/crew.ts` leaves open descriptors in the process that runs the attacks: far beyond those Node knows of. */
export const SECRET_DESCRIPTOR = 77;
export const WRITABLE_DESCRIPTOR = 250;
/** The files behind them, in the canaries' directory; they exist before the process is started. */
export const SECRET_FILE = "secret.txt";
export const WRITABLE_FILE = "writable.txt";
export const SECRET_VARIABLE = "ZTL_ATTACK_SECRET";

export function newSecret(): string {
  return `canary-${randomBytes(16).toString("hex")}`;
}

/** The tree every worker's canaries live in. The secret is a file's content and a variable's value. */
export function plantFiles(directory: string, secret: string): void {
  mkdirSync(join(directory, "deep", "er"), { recursive: true });
  writeFileSync(join(directory, SECRET_FILE), `${secret}\n`, { mode: 0o600 });
  writeFileSync(join(directory, WRITABLE_FILE), "anybody may write here\n", { mode: 0o666 });
  writeFileSync(join(directory, "deep", "er", "program.sh"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  mkdirSync(join(directory, "open"), { mode: 0o777 });
  symlinkSync(SECRET_FILE, join(directory, "link"));
}

export class Canaries {
  readonly directory: string;
  readonly secret: string;
  /** Of a server at 127.0.0.1. */
  readonly port: number;
  /** Of another, with a name in the file system. */
  readonly socketPath: string;
  readonly victim: ChildProcess;
  readonly #servers: readonly Server[];
  readonly #files: ReadonlyMap<string, string>;
  readonly #processes: ReadonlyMap<string, string>;
  #connections = 0;

  private constructor(directory: string, secret: string, servers: readonly [Server, Server], victim: ChildProcess) {
    this.directory = directory;
    this.secret = secret;
    this.victim = victim;
    this.#servers = servers;
    for (const server of servers) server.on("connection", (socket) => this.#connected(() => socket.destroy()));
    this.port = (servers[0].address() as { port: number }).port;
    this.socketPath = join(directory, "socket");
    this.#files = treeState(directory);
    this.#processes = this.#stateOfProcesses();
  }

  /** In a directory with planted files. */
  static async place(directory: string, secret: string): Promise<Canaries> {
    const servers = [createServer(), createServer()] as const;
    servers[0].listen(0, "127.0.0.1");
    servers[1].listen(join(directory, "socket"));
    await Promise.all(servers.map((server) => once(server, "listening")));
    for (const server of servers) server.unref();
    const victim = spawn("/bin/sleep", ["86400"], { stdio: "ignore", env: { SECRET: secret } });
    await once(victim, "spawn");
    victim.unref();
    return new Canaries(directory, secret, servers, victim);
  }

  get secretFile(): string {
    return join(this.directory, SECRET_FILE);
  }

  get writableFile(): string {
    return join(this.directory, WRITABLE_FILE);
  }

  /** What was reached, in words; empty when nothing was. */
  problems(): string[] {
    const found = treeDifferences(this.#files, treeState(this.directory)).map((text) => `canary file ${text}`);
    if (this.#connections > 0) found.push(`a canary server was connected to ${this.#connections} times`);
    const changed = treeDifferences(this.#processes, this.#stateOfProcesses());
    found.push(...changed.map((text) => `of a host process: ${text}`));
    return found;
  }

  /** Whether bytes or text that left a guest hold the secret. */
  isLeakedBy(output: Uint8Array | string): boolean {
    return Buffer.from(output).includes(this.secret);
  }

  remove(): void {
    for (const server of this.#servers) server.close();
    this.victim.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }

  #connected(drop: () => void): void {
    this.#connections++;
    drop();
  }

  /** What another process could change of the victim and of this process itself. */
  #stateOfProcesses(): ReadonlyMap<string, string> {
    const state = new Map([
      ["working directory", process.cwd()],
      ["variable", process.env[SECRET_VARIABLE] ?? ""],
    ]);
    const pids = { victim: this.victim.pid as number, own: process.pid };
    for (const [who, pid] of Object.entries(pids))
      for (const [what, value] of Object.entries(stateOfProcess(pid))) state.set(`${who} ${what}`, value);
    return state;
  }
}

function stateOfProcess(pid: number): Readonly<Record<string, string>> {
  try {
    const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "utf8");
    const limits = read("limits")
      .split("\n")
      .map((line): [string, string] => [line.slice(0, 26).trim(), line.slice(26).trim()]);
    return {
      ...Object.fromEntries(limits),
      priority: String(getPriority(pid)),
      processors: /^Cpus_allowed:(.*)$/m.exec(read("status"))?.[1] ?? "",
      "out-of-memory score": read("oom_score_adj").trim(),
    };
  } catch {
    return { existence: "gone" };
  }
}
