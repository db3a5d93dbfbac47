import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { availableLayers, LAYERS, type Layer } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";
import { namespacesLimitedBy, runBehind, runRefusing } from "./missing-layer.ts";

/*
 * Hosts that give less than this one: containers, and users who may do little. A cell works on each of them, as many walls
 * stand as the host allows, and the result names the others.
 */

const NAMESPACES: readonly Layer[] = ["user", "mount", "pid", "network", "ipc", "uts", "cgroup", "uid"];
const EPERM = 1;
const EACCES = 13;
const EINVAL = 22;

const setpriv = (...capabilities: string[]): [string, ...string[]] => [
  "setpriv",
  `--bounding-set=${capabilities.join(",")}`,
  "--inh-caps=-all",
];

const program = `
  const { Sandbox } = await import(${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))});
  const sandbox = await Sandbox.open({ cells: 1, cacheDirectory: ${JSON.stringify(TEST_CACHE)} });
  const run = await sandbox.run({ tool: "shell", code: "echo on" });
  await sandbox.close();
  const missing = Object.entries(run.isolation ?? {}).filter(([, stands]) => !stands).map(([wall]) => wall);
  console.log(JSON.stringify({ said: run.stdoutText, error: run.error?.message, missing }));`;

/** What is missing there beside what is missing here. */
const HOSTS: readonly [host: string, run: () => string, missing: readonly Layer[]][] = [
  ["root without CAP_SYS_ADMIN", () => runBehind(setpriv("-sys_admin"), program), ["uid"]],
  // Root may not map itself without CAP_SETFCAP, so its namespace has no user who could make files.
  ["root without any capability", () => runBehind(setpriv("-all"), program), ["mount", "uid"]],
  [
    "no user namespaces and no capabilities",
    () => runBehind([...namespacesLimitedBy("max_user_namespaces"), ...setpriv("-all")], program),
    NAMESPACES,
  ],
  [
    "a container whose filter lets no namespace be made",
    () =>
      runRefusing(
        [
          { name: "unshare", number: 272, errno: EPERM },
          { name: "mount", number: 165, errno: EPERM },
          { name: "pivot_root", number: 155, errno: EPERM },
        ],
        program,
      ),
    NAMESPACES,
  ],
  [
    "a container whose filter lets nothing be mounted",
    () => runRefusing([{ name: "mount", number: 165, errno: EPERM }], program),
    ["mount", "uid"],
  ],
  [
    "a kernel before 5.12, which cannot make a tree of mounts read-only",
    () => runRefusing([{ name: "mount_setattr", number: 442, errno: 38 }], program),
    ["mount", "uid"],
  ],
  // linux/memfd.h: CLOEXEC and ALLOW_SEALING are older than NOEXEC_SEAL (8) and EXEC (16).
  [
    "a kernel before 6.3, where memory files know neither MFD_EXEC nor MFD_NOEXEC_SEAL",
    () => runRefusing([{ name: "memfd_create", number: 319, errno: EINVAL, flags: 3 }], program),
    [],
  ],
  [
    "a system where no memory file may be executed (vm.memfd_noexec=2)",
    () => runRefusing([{ name: "memfd_create", number: 319, errno: EACCES, flags: 3 | 8 }], program),
    [],
  ],
];

describe("a host that gives less", { skip: kvmMissing() || notRoot(), concurrency: 2 }, () => {
  for (const [host, run, missing] of HOSTS)
    test(host, () => {
      const seen = JSON.parse(run()) as { said: string; error?: string; missing: string[] };
      const here = LAYERS.filter((layer) => !availableLayers().available.has(layer));
      assert.deepEqual(seen, { said: "on\n", missing: [...new Set([...here, ...missing])].sort(byLayer) });
    });
});

function byLayer(a: Layer, b: Layer): number {
  return LAYERS.indexOf(a) - LAYERS.indexOf(b);
}

function notRoot(): string | false {
  return process.getuid?.() === 0 ? false : "SKIPPED: only root has capabilities to give up";
}
