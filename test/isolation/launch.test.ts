import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type CallerMount, Sandbox } from "../../src/index.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { availableLayers, LAYERS, type Layer } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";

/** What surrounds a cell from its first instruction on, seen from outside: every thread of it, and what it could reach. */
describe("a cell at work", { skip: kvmMissing() }, () => {
  let base: string;
  let sandbox: Sandbox;
  let cell: number;
  const { available } = availableLayers();
  const needs = (layer: Layer) => ({ skip: available.has(layer) ? false : `SKIPPED: this host has no ${layer}` });

  before(async () => {
    base = mkdtempSync(join(tmpdir(), "ztl-launch-"));
    writeFileSync(join(base, "file"), "shown");
    const mounts: CallerMount[] = [{ kind: "ro", host: base, guest: "/data" }];
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts });
    const run = await sandbox.run({ tool: "shell", code: "cat /data/file" });
    assert.equal(run.stdoutText, "shown");
    const cells = childPids();
    assert.equal(cells.length, 1);
    cell = cells[0] as number;
  });

  after(async () => {
    await sandbox.close();
    rmSync(base, { recursive: true, force: true });
  });

  const proc = (path: string): string => readFileSync(`/proc/${cell}/${path}`, "utf8");
  const field = (status: string, name: string): string | undefined =>
    new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];

  test("no thread of it is outside the jail", () => {
    const threads = readdirSync(`/proc/${cell}/task`);
    assert.ok(threads.length > 1, "Node has several threads");
    for (const thread of threads) {
      const status = proc(`task/${thread}/status`);
      assert.equal(field(status, "NoNewPrivs"), "1");
      assert.equal(field(status, "Seccomp"), "2");
      assert.equal(field(status, "Seccomp_filters"), "2", "the launcher's and the cell's");
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
        assert.equal(field(status, set), "0000000000000000", set);
      if (available.has("user")) assert.equal(field(status, "CapBnd"), "0000000000000000");
    }
  });

  test("it has no descriptor but its own", () => {
    const open = readdirSync(`/proc/${cell}/fd`).map((fd) => readlinkSync(`/proc/${cell}/fd/${fd}`));
    const expected =
      /^(\/dev\/null|(socket|pipe):\[\d+\]|\/memfd:ztl-image \(deleted\)|anon_inode:(kvm-vm|kvm-vcpu:0|\[event(poll|fd)\]))$/;
    const files = open.filter((path) => !expected.test(path));
    // The rest are the roots of what the guest is shown, and files there.
    for (const path of files)
      assert.match(path, /^\/(usr|lib|bin|sbin|etc|root|opt|home|tmp\/ztl-launch-|.*python)/, path);
    // Its channel, the one for a layer's files, and standard error.
    assert.equal(open.filter((path) => path.startsWith("socket:")).length, 3, open.join(" "));
  });

  test("it is the first to go when the host's memory runs out", () => {
    assert.equal(proc("oom_score_adj"), "1000\n");
  });

  test("its limits are low", () => {
    const limit = (name: string): string[] | undefined =>
      new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, "m").exec(proc("limits"))?.slice(1);
    for (const name of [
      "Max core file size",
      "Max file size",

      "Max locked memory",
      "Max msgqueue size",
    ])
      assert.deepEqual(limit(name), ["0", "0"], name);
    assert.deepEqual(limit("Max open files"), ["1024", "1024"]);
  });

  const NAMESPACES = {
    user: "user",
    mount: "mnt",
    pid: "pid",
    network: "net",
    ipc: "ipc",
    uts: "uts",
    cgroup: "cgroup",
  };
  for (const [layer, name] of Object.entries(NAMESPACES)) {
    test(`it has a ${layer} namespace of its own`, needs(layer as Layer), () => {
      assert.notEqual(readlinkSync(`/proc/${cell}/ns/${name}`), readlinkSync(`/proc/self/ns/${name}`));
    });
  }

  test("its root holds what the guest is shown and what Node needs, and all of it is read-only", needs("mount"), () => {
    const inside = (path: string): string[] => readdirSync(`/proc/${cell}/root${path}`);
    assert.ok(!inside("/").includes("proc"), inside("/").join());
    assert.deepEqual(inside("/dev"), ["null"]);
    const shown = [base, TEST_CACHE].map((path) => basename(path));
    assert.deepEqual(inside(tmpdir()).sort(), shown.sort());
    const mounts = proc("mountinfo").trim().split("\n");
    for (const mount of mounts) {
      const [, , , , place, options = ""] = mount.split(" ");
      assert.match(options, /^ro,nosuid/, mount);
      if (place !== "/dev/null") assert.match(options, /nodev/, mount);
    }
  });

  test("it has no environment of the host's", () => {
    const variables = proc("environ").split("\0").filter(Boolean);
    assert.deepEqual(
      variables.map((text) => text.split("=")[0]),
      ["NODE_COMPILE_CACHE"],
    );
  });

  test("with its network namespace, it has no interface that is up", needs("network"), () => {
    assert.doesNotMatch(proc("net/route"), /\n./);
  });

  test("descriptors that the host process inherited do not reach it", async () => {
    const secret = openSync(join(base, "file"), "r");
    const log = openSync(join(base, "log"), "w");
    try {
      const program = `
        import { readdirSync, readlinkSync } from "node:fs";
        const { Sandbox } = await import(${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))});
        const { childPids } = await import(${JSON.stringify(fileURLToPath(new URL("../../src/sandbox/testing.ts", import.meta.url)))});
        const sandbox = await Sandbox.open({ cells: 1, cacheDirectory: ${JSON.stringify(TEST_CACHE)} });
        await sandbox.run({ tool: "shell", code: "true" });
        const [cell] = childPids();
        console.log(JSON.stringify(readdirSync("/proc/" + cell + "/fd").map((fd) => readlinkSync("/proc/" + cell + "/fd/" + fd))));
        await sandbox.close();`;
      // A gap before them: Node looks for inherited descriptors only up to the first.
      const stdio = ["ignore", "pipe", "inherit", ...Array(20).fill("ignore"), secret, log] as never;
      const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], { stdio });
      let out = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
      await new Promise((resolve) => child.once("close", resolve));
      const open = JSON.parse(out) as string[];
      assert.ok(!open.some((path) => path.startsWith(base)), open.join());
    } finally {
      closeSync(secret);
      closeSync(log);
    }
  });
});

describe("walls that are demanded", { skip: kvmMissing() }, () => {
  test("a result says which walls stood, and a sandbox opens only where the required ones can", async () => {
    const { available } = availableLayers();
    const demands = Object.fromEntries([...available].map((layer) => [layer, "required" as const]));
    await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, isolation: demands });
    const { isolation } = await sandbox.run({ tool: "shell", code: "true" });
    assert.ok(isolation?.seccomp && isolation.kvm);
    for (const layer of LAYERS) assert.equal(isolation[layer], available.has(layer), layer);
  });

  test("where a host has none, it is refused with a code of its own", () => {
    // A host that allows no namespace to be made: the limit is that of a user namespace of the test's own.
    const program = `
      const { Sandbox } = await import(${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))});
      try { await Sandbox.open({ isolation: { network: "required" } }); console.log("opened"); } catch (error) { console.log(error.code, error.message); }
      const sandbox = await Sandbox.open({ cells: 1, cacheDirectory: ${JSON.stringify(TEST_CACHE)} });
      const run = await sandbox.run({ tool: "shell", code: "echo on" });
      console.log(run.stdoutText.trim(), run.isolation.network, run.isolation.seccomp);
      await sandbox.close();`;
    const script = `echo 0 > /proc/sys/user/max_net_namespaces && exec "$0" --no-warnings --input-type=module -e "$1"`;
    const { stdout, stderr, status } = spawnSync(
      "unshare",
      ["--user", "--map-root-user", "sh", "-c", script, process.execPath, program],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^isolation-missing .*network/);
    assert.match(stdout, /^on false true$/m);
  });
});

test("an ordinary user's cells work and are confined", { skip: kvmMissing() || notRoot() }, () => {
  const program = `
    const { Sandbox } = await import(${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))});
    await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: false });
    const run = await sandbox.run({ tool: "shell", code: "id -u" });
    console.log(run.status, run.stdoutText.trim(), run.isolation.seccomp);`;
  // A device of the user's own, in a mount namespace of the test's own; the machine's stays as it is.
  const script = `mount -t tmpfs none /mnt && cp -a /dev/kvm /mnt/kvm && chown 65534 /mnt/kvm && mount --bind /mnt/kvm /dev/kvm &&
    exec setpriv --reuid 65534 --regid 65534 --clear-groups "$0" --no-warnings --input-type=module -e "$1"`;
  const { stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script, process.execPath, program], {
    encoding: "utf8",
    cwd: "/",
    timeout: 60_000,
  });
  assert.equal(stdout, "ok 65534 true\n", stderr);
});

/** Only root can become somebody else, who must be able to read this checkout. */
function notRoot(): string | false {
  if (process.getuid?.() !== 0) return "SKIPPED: the test itself is an ordinary user's";
  const asNobody = [
    "--reuid",
    "65534",
    "--regid",
    "65534",
    "--clear-groups",
    "test",
    "-r",
    fileURLToPath(import.meta.url),
  ];
  return spawnSync("setpriv", asNobody).status === 0 ? false : "SKIPPED: this checkout is not readable for other users";
}
