import { spawn } from "node:child_process";
import { once } from "node:events";

const workspaceModule = new URL("../index.ts", import.meta.url).href;

/**
 * Opens the workspace and does what it is told, and kills itself before the so-manieth call that changes a file or a name:
 * an instant that can be named, unlike a time, which means another one on every machine.
 */
const PROGRAM = `
import fs, { writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const { Workspace } = await import(${JSON.stringify(workspaceModule)});
const [directory, task, id, instant] = process.argv.slice(1);
const CALLS = ["mkdirSync", "rmdirSync", "renameSync", "linkSync", "unlinkSync", "symlinkSync", "chmodSync", "fchmodSync",
  "lchownSync", "rmSync"];
let calls = 0;
function count() {
  for (const name of CALLS) {
    const original = fs[name];
    fs[name] = (...args) => {
      if (calls++ === Number(instant)) process.kill(process.pid, "SIGKILL");
      return original(...args);
    };
  }
  syncBuiltinESMExports();
}
if (task === "recover") count();
const workspace = await Workspace.open({ directory });
if (["undo", "redo"].includes(task)) await workspace.sync(id);
if (task === "redo") await workspace.undo(id);
if (task !== "recover") count();
const result = task === "recover" ? { status: "recovered" } : await workspace[task](id);
writeSync(1, JSON.stringify({ calls, ...result }));
await workspace.close();
`;

export interface Killing {
  /** The workspace's directory. */
  readonly directory: string;
  readonly task: "sync" | "undo" | "redo" | "recover";
  readonly changeSetId: string;
  /** Calls that are made; infinite for all of them. */
  readonly instant: number;
}

/** Calls that were made by a process which came to its end; undefined for one that was killed. */
export async function runKilled({ directory, task, changeSetId, instant }: Killing): Promise<number | undefined> {
  const args = ["--input-type=module", "-e", PROGRAM, directory, task, changeSetId, String(instant)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [answer, complaint] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal === "SIGKILL") return undefined;
  if (code !== 0) throw new Error(complaint);
  const { calls, status } = JSON.parse(answer) as { calls: number; status: string };
  if (!["applied", "undone", "redone", "recovered"].includes(status)) throw new Error(answer);
  return calls;
}
