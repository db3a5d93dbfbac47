import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Layer } from "../../src/vmm/index.ts";

/** Runs a program as on a host that lacks one wall: the kernel itself refuses to put it up. */

const vmm = (path: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/vmm/${path}`, import.meta.url)));

/** user_namespaces(7), namespaces(7): how many of each kind may be made inside a user namespace. */
const NAMESPACE_LIMITS: Partial<Record<Layer, string>> = {
  user: "max_user_namespaces",
  mount: "max_mnt_namespaces",
  pid: "max_pid_namespaces",
  network: "max_net_namespaces",
  ipc: "max_ipc_namespaces",
  uts: "max_uts_namespaces",
  cgroup: "max_cgroup_namespaces",
};

/** A system call by its number (asm/unistd_64.h), and the error it is answered with (asm-generic/errno.h). */
export interface Refusal {
  readonly name: string;
  readonly number: number;
  readonly errno: number;
  /** Its second argument, flags, may have these bits; without, it is refused whatever they are. */
  readonly flags?: number;
}

/** ENOSYS, as a kernel answers that was built without it. */
const NO_LANDLOCK: Refusal = { name: "landlock_create_ruleset", number: 444, errno: 38 };

/** As where another user namespace may not be entered: EPERM. */
const NO_OTHER_USER: Refusal = { name: "setns", number: 308, errno: 1 };

/** Source text that takes system calls from its process and all that it starts, as containers do (linux/seccomp.h, linux/prctl.h). */
function refusing(refusals: readonly Refusal[]): string {
  return `
  const { addressOf, prctl, stableBytes, syscall } = await import(${vmm("host/libc.ts")});
  const { filterProgram } = await import(${vmm("host/seccomp/filter.ts")});
  const { onlyBits } = await import(${vmm("host/seccomp/rules.ts")});
  const rules = ${JSON.stringify(refusals)}.map(({ name, number, errno, flags }) => ({
    name, number, otherwise: { errno },
    cases: flags === undefined ? [] : [{ when: [onlyBits(1, flags)], action: "allow" }],
  }));
  const filter = filterProgram(rules, "allow");
  const code = stableBytes(filter.length);
  code.set(filter);
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, code.length / 8, true);
  header.setBigUint64(8, addressOf(code), true);
  prctl(38, 1, 0, 0, 0);
  // SAFETY: the kernel copies header and filter during the call; both are alive until it returns.
  if (syscall(317, 1, 1, new Uint8Array(header.buffer), 0) !== 0) throw new Error("no filter could be put up");
`;
}

const NODE = ["--no-warnings", "--input-type=module", "-e"];

/** @param program source text of a module. @returns what it printed; throws with its error output when it failed. */
export function runWithout(layer: Layer, program: string): string {
  const limit = NAMESPACE_LIMITS[layer];
  if (layer === "uid") return runRefusing([NO_OTHER_USER], program);
  if (layer === "resources") return runBehind(GROUPS_HIDDEN, program);
  return limit === undefined ? runRefusing([NO_LANDLOCK], program) : runBehind(namespacesLimitedBy(limit), program);
}

/** Something else lies over the tree of control groups, in a mount namespace of its own. */
const GROUPS_HIDDEN: [string, ...string[]] = [
  ...(["unshare", "--mount", "sh", "-c"] as const),
  'mount -t tmpfs none /sys/fs/cgroup && exec "$0" "$@"',
];

/** The same where system calls are answered with errors. */
export function runRefusing(refusals: readonly Refusal[], program: string): string {
  return outputOf(process.execPath, [...NODE, `${refusing(refusals)}\n${program}`]);
}

/** The same behind another program, such as setpriv(1), which executes what follows its own arguments. */
export function runBehind([file, ...args]: readonly [string, ...string[]], program: string): string {
  return outputOf(file, [...args, process.execPath, ...NODE, program]);
}

/** What runs in a user namespace of its own that lets no further one of a kind be made. */
export function namespacesLimitedBy(limit: string): [string, ...string[]] {
  const script = `echo 0 > /proc/sys/user/${limit} && exec "$0" "$@"`;
  return ["unshare", "--user", "--map-root-user", "sh", "-c", script];
}

function outputOf(file: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(file, args, { encoding: "utf8", timeout: 120_000 });
  if (status !== 0) throw new Error(`The program ended with status ${status}: ${stderr}`);
  return stdout;
}
