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

/** linux/seccomp.h, linux/prctl.h, asm/unistd_64.h; ENOSYS as a kernel answers that was built without Landlock. */
const WITHOUT_LANDLOCK = `
  const { addressOf, prctl, stableBytes, syscall } = await import(${vmm("host/libc.ts")});
  const { filterProgram } = await import(${vmm("host/seccomp/filter.ts")});
  const { refuse } = await import(${vmm("host/seccomp/rules.ts")});
  const filter = filterProgram([refuse("landlock_create_ruleset", 444, 38)], "allow");
  const code = stableBytes(filter.length);
  code.set(filter);
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, code.length / 8, true);
  header.setBigUint64(8, addressOf(code), true);
  prctl(38, 1, 0, 0, 0);
  // SAFETY: the kernel copies header and filter during the call; both are alive until it returns.
  if (syscall(317, 1, 1, new Uint8Array(header.buffer), 0) !== 0) throw new Error("no filter could be put up");
`;

/** @param program source text of a module. @returns what it printed; throws with its error output when it failed. */
export function runWithout(layer: Layer, program: string): string {
  const limit = NAMESPACE_LIMITS[layer];
  const node = ["--no-warnings", "--input-type=module", "-e"];
  const options = { encoding: "utf8", timeout: 120_000 } as const;
  const { stdout, stderr, status } =
    limit === undefined
      ? spawnSync(process.execPath, [...node, `${WITHOUT_LANDLOCK}\n${program}`], options)
      : spawnSync(
          "unshare",
          [
            ...["--user", "--map-root-user", "sh", "-c", `echo 0 > /proc/sys/user/${limit} && exec "$0" "$@"`],
            ...[process.execPath, ...node, program],
          ],
          options,
        );
  if (status !== 0) throw new Error(`The program ended with status ${status}: ${stderr}`);
  return stdout;
}
