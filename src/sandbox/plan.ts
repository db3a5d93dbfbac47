import { sha256Hex } from "../base/sha256.ts";
import { ZtlError } from "../errors.ts";
import type { ToolCall, ToolName } from "./call.ts";
import { shellPath } from "./templates/programs.ts";
import { encodePythonJob, environmentChange } from "./templates/python-job.ts";
import type { ProgramSpec } from "./templates/recipe.ts";

/** What a cell has to do for a call: whose template it needs, and either a job for its program or a program. */
export interface RunPlan {
  readonly template: ToolName;
  readonly job: Uint8Array | undefined;
  readonly program: ProgramSpec | null;
  readonly cwd: string;
  readonly stdin: Uint8Array;
}

export interface PlanSurroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The host's Python, for calls that need it. */
  readonly pythonExecutable: string | undefined;
  /** What a repeatable run's randomness comes from, in hexadecimal. */
  readonly seed?: string | undefined;
}

/**
 * Read by the interpreter when it starts, so a Python that has already started would ignore them. (LANG and LC_* choose
 * the encoding of the standard streams.)
 */
const READ_AT_START = /^(PYTHON|LC_|LANG$|LANGUAGE$|LD_|MALLOC_|GLIBC_)/;

const NO_BYTES = new Uint8Array(0);

/** Decides how a call is run. Throws ZtlError `python-not-found` for a Python call without a Python. */
export function planRun(call: ToolCall, surroundings: PlanSurroundings): RunPlan {
  const env = { ...surroundings.env, ...call.env };
  const cwd = call.cwd ?? surroundings.cwd;
  const stdin = typeof call.stdin === "string" ? Buffer.from(call.stdin, "utf8") : (call.stdin ?? NO_BYTES);
  const args = call.args ?? [];
  switch (call.tool) {
    case "python":
      return planPython(call, { env, cwd, stdin, args }, surroundings);
    case "shell": {
      const path = shellPath();
      // $0 is the shell's name, as when it is called without one; args are $1 and so on.
      return {
        template: "shell",
        job: undefined,
        program: { path, argv: [path, "-c", call.code, path, ...args], env, cwd },
        cwd,
        stdin,
      };
    }
    case "exec":
      return {
        template: "exec",
        job: undefined,
        program: { path: call.program, argv: [call.program, ...args], env, cwd },
        cwd,
        stdin,
      };
  }
}

/** Of its own, so that a program which knows it knows nothing of the system's random numbers. */
function pythonSeed(seed: string): string {
  return sha256Hex(`ztl-python-random-v1\n${seed}`);
}

interface Parts {
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly stdin: Uint8Array;
  readonly args: readonly string[];
}

function planPython(call: ToolCall & { tool: "python" }, parts: Parts, surroundings: PlanSurroundings): RunPlan {
  const { env, cwd, stdin, args } = parts;
  const change = environmentChange(surroundings.env, env);
  const argv = [call.file ?? "-c", ...args];
  if (!Object.keys(change.set).some((name) => READ_AT_START.test(name))) {
    const job = encodePythonJob(
      {
        code: call.code,
        argv,
        filename: call.file ?? "<string>",
        cwd: undefined,
        env: change,
      },
      surroundings.seed === undefined ? undefined : pythonSeed(surroundings.seed),
    );
    return { template: "python", job, program: null, cwd, stdin };
  }
  const path = surroundings.pythonExecutable;
  if (path === undefined) throw new ZtlError("python-not-found", "There is no python3 on this host");
  const how = call.code === undefined ? argv : ["-c", call.code, ...args];
  return { template: "exec", job: undefined, program: { path, argv: [path, ...how], env, cwd }, cwd, stdin };
}
