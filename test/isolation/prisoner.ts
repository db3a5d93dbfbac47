import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const VMM = fileURLToPath(new URL("../../src/vmm/index.ts", import.meta.url));

/** How an attempt ended: what it returned, the code of its error, or the signal that killed the prisoner. */
export interface AttemptResult {
  readonly said: string;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A Node process that puts itself into the cell's jail and then makes one attempt, since most attempts are its last.
 * @param attempt source text: the body of an async function that may use `fs`, `koffi`, `call(number, ...integers)` and
 *   what `before` left in `held`.
 * @param before the same, run before the jail closes; its value is `held`.
 */
export async function prisoner(options: {
  readonly readable: readonly string[];
  readonly attempt: string;
  readonly before?: string;
  readonly flags?: readonly string[];
}): Promise<AttemptResult> {
  const program = `
import fs from "node:fs"; import { spawnSync } from "node:child_process"; import koffi from "koffi";
const { confineProcess, exitProcess } = await import(${JSON.stringify(VMM)});
const raw = koffi.load("libc.so.6").func("syscall", "long", ["long", "long", "long", "long", "long", "long", "long"]);
const call = (number, ...values) => { const result = raw(number, ...[...values, 0, 0, 0, 0, 0, 0].slice(0, 6)); return result < 0 ? "errno " + koffi.errno() : result; };
const held = await (async () => { ${options.before ?? ""} })();
const { landlock } = confineProcess({ readable: ${JSON.stringify(options.readable)} });
let said;
try { said = await (async () => { ${options.attempt} })(); } catch (error) { said = error.code ?? error.message; }
fs.writeSync(1, String(said ?? "done"));
exitProcess(0);`;
  const child = spawn(
    process.execPath,
    ["--no-warnings", ...(options.flags ?? []), "--input-type=module", "-e", program],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, by) => resolve(by)));
  if (said === "" && signal === null) throw new Error(`The prisoner said nothing: ${err}`);
  return { said, signal };
}
