import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Hosts on which something is missing that a newcomer's may lack: this one, with that taken away for one process. */

export const launcher = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));

/** Commands of a shell that take something away; they hold in a mount namespace of the process's own. */
export const WITHOUT = {
  /** /tmp is there and nothing can be made in it. */
  writableTmp: "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp",
  /** No python3 where PATH and distributions have it. */
  python: "for p in /usr/local/bin/python3 /usr/bin/python3; do [ -e $p ] && mount --bind /dev/null $p; done; true",
  /** A file in its place: no micro-VM can be made. */
  kvm: "mount --bind /etc/hostname /dev/kvm",
} as const;

const isRoot = process.getuid?.() === 0;
const NAMESPACE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount"];
/** A number that no account has, and which owns what this user owns. */
const NOBODY = ["unshare", "--user", "--map-user=54321", "--map-group=54321"];

/** Why such hosts cannot be made here; false when they can. */
export function poorHostsMissing(...taken: readonly string[]): string | false {
  const script = taken.map((one) => `{ ${one}; }`).join(" && ");
  for (const [program = "", ...args] of [
    [...NAMESPACE, "sh", "-c", script],
    [...NOBODY, "true"],
  ]) {
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (status !== 0) return `SKIPPED: unshare(1) cannot take that away here (${stderr?.trim() ?? "not installed"})`;
  }
  return false;
}

/** What a new user's shell has: nothing of this process's environment but where Node is. */
export function plainEnvironment(home: string | undefined): NodeJS.ProcessEnv {
  return { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...(home === undefined ? {} : { HOME: home }) };
}

interface Ztl {
  readonly env: NodeJS.ProcessEnv;
  readonly without?: readonly string[];
  readonly cwd?: string;
}

/** What is run here takes seconds, on a loaded machine a minute; whatever takes this long hangs. */
const HANGS_AFTER_MS = 600_000;

/** Runs `ztl` on such a host. */
export function ztl(args: readonly string[], { env, without = [], cwd }: Ztl): SpawnSyncReturns<string> {
  const script = [...without, 'exec "$@"'].join(" && ");
  const [program = "", ...rest] = [...NAMESPACE, "sh", "-c", script, "sh", process.execPath, launcher, ...args];
  return spawnSync(program, rest, { encoding: "utf8", env, cwd, timeout: HANGS_AFTER_MS });
}

/** Runs `ztl` as a user that is a number only. */
export function ztlOfNobody(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): SpawnSyncReturns<string> {
  const [program = "", ...rest] = [...NOBODY, process.execPath, launcher, ...args];
  return spawnSync(program, rest, { encoding: "utf8", env, cwd, timeout: HANGS_AFTER_MS });
}
