import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "../src/vmm/testing.ts";
import { hasRealPython, TrapDirectory } from "./traps/trap-directory.ts";

/**
 * Whatever is typed in a directory that somebody else filled: nothing that lies there is executed on the host. The same
 * directory is tried from inside, in PATH and every other variable that may lead there, and mounted.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const LAUNCHER = join(root, "bin", "ztl.js");
const base = mkdtempSync(join(tmpdir(), "ztl-traps-"));
after(() => rmSync(base, { recursive: true, force: true }));
const traps = new TrapDirectory(join(base, "project"), join(base, "ran"));

/** Kept out of the way: what is found in a planted home is another matter (see attack/a-before-the-vm). */
const OWN = { XDG_CACHE_HOME: join(base, "cache"), XDG_STATE_HOME: join(base, "state") };
/** Ways to the traps that do not look like one: a link to the directory, and a place where anybody may put a program. */
const link = join(base, "link");
const shared = join(base, "shared");
symlinkSync(traps.path, link);
mkdirSync(shared);
for (const name of ["python3", "python3.11", "bash", "sh", "node"]) copyFileSync(traps.file(name), join(shared, name));
chmodSync(shared, 0o777);

const surroundings: Readonly<Record<string, { readonly env: Record<string, string>; readonly all: boolean }>> = {
  "in the directory": { env: {}, all: true },
  "with everything leading there": { env: traps.variables, all: true },
  "in its activated environment": {
    env: { PATH: `${traps.file(".venv", "bin")}:${process.env.PATH}`, VIRTUAL_ENV: traps.file(".venv") },
    all: false,
  },
  "with a PATH of relative places": {
    env: { PATH: `:.:.venv/bin:node_modules/.bin:${process.env.PATH}:` },
    all: false,
  },
  "with a PATH of links to it and of places that others may write to": {
    env: { PATH: `${link}:${link}/bin:${shared}:${process.env.PATH}`, PYTHONPATH: link },
    all: false,
  },
};

function start(program: string, args: readonly string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
  const options = { cwd: traps.path, encoding: "utf8", timeout: 120_000 } as const;
  return spawnSync(program, args, { ...options, env: { ...process.env, ...OWN, ...env } });
}

const ztl = (args: readonly string[], env: Record<string, string>): SpawnSyncReturns<string> =>
  start(process.execPath, [LAUNCHER, ...args], env);

/** The library from a program that lies elsewhere. */
const library = join(base, "library.mjs");
writeFileSync(
  library,
  `import { Sandbox, ZeroTrustLoop } from ${JSON.stringify(join(root, "src", "index.ts"))};
  const sandbox = await Sandbox.open({ mounts: [{ kind: "overlay", host: ".", guest: "/project" }] });
  const run = await sandbox.run({ tool: "python", code: "print(6 * 7)" });
  await sandbox.close();
  const loop = await ZeroTrustLoop.open();
  const call = await loop.agent("assistant").conversation().call({ tool: "shell", input: { code: "echo $((6 * 7))" } });
  await loop.close();
  console.log(run.stdoutText.trim(), call.status);
`,
);

interface Act {
  readonly act: (env: Record<string, string>) => SpawnSyncReturns<string>;
  /** Shows that it did its work, and did not end before the traps. */
  readonly expected: RegExp;
}

const withoutVm: Record<string, Act> = {
  "policy check": { act: (env) => ztl(["policy", "check"], env), expected: /^assistant +worker +python/m },
  "policy init": { act: (env) => ztl(["policy", "init"], env), expected: /there is a configuration already/ },
  runs: { act: (env) => ztl(["runs"], env), expected: /run/i },
  show: { act: (env) => ztl(["show", "0123456789ab"], env), expected: /no such run|there is no/i },
  replay: { act: (env) => ztl(["replay", "0123456789ab"], env), expected: /no such run|there is no/i },
  review: { act: (env) => ztl(["review"], env), expected: /nothing waits/i },
  approve: { act: (env) => ztl(["approve", "01234567", "--hash", "00"], env), expected: /no .*review/i },
  "ledger verify": { act: (env) => ztl(["ledger", "verify"], env), expected: /Whole: / },
  "ledger tail": { act: (env) => ztl(["ledger", "tail"], env), expected: /^/ },
  version: { act: (env) => ztl(["version"], env), expected: /^\d+\.\d+/ },
};
const inVm: Record<string, Act> = {
  "run -- /bin/true": { act: (env) => ztl(["run", "--json", "--", "/bin/true"], env), expected: /"status":"ok"/ },
  "run --python": { act: (env) => ztl(["run", "--python", "import json; print(6 * 7)"], env), expected: /^42$/m },
  "run --shell": { act: (env) => ztl(["run", "--shell", "echo $((6 * 7))"], env), expected: /^42$/m },
  "run --mount . -- /bin/true": {
    act: (env) => ztl(["run", "--json", "--mount", ".:/project", "--", "/bin/true"], env),
    expected: /"status":"ok"/,
  },
  "run --mount . --python": {
    act: (env) => ztl(["run", "--mount", ".:/project", "--python", "import json; print(6 * 7)"], env),
    expected: /^42$/m,
  },
  doctor: { act: (env) => ztl(["doctor"], env), expected: /Trial run: a shell in a micro-VM: \d/ },
  "Sandbox.open and ZeroTrustLoop.open": {
    act: (env) => start(process.execPath, [library], env),
    expected: /^42 ok$/m,
  },
};

/** How a Python or a program of the host is looked for, which is what the other surroundings change. */
const LOOKS_FOR_PROGRAMS = new Set(["run --python", "doctor", "Sandbox.open and ZeroTrustLoop.open"]);

function describeActs(title: string, acts: Record<string, Act>, options: { readonly skip: string | false }): void {
  for (const [where, { env, all }] of Object.entries(surroundings))
    describe(`${title}, ${where}`, options, () => {
      for (const [name, { act, expected }] of Object.entries(acts))
        if (all || LOOKS_FOR_PROGRAMS.has(name))
          test(name, () => {
            const { stdout, stderr } = act(env);
            assert.deepEqual(traps.ran(), [], stderr);
            assert.match(stdout + stderr, expected);
          });
    });
}

// The ledger is there once a loop was opened; runs does that.
describeActs("without a virtual machine", withoutVm, { skip: false });
describeActs("in a virtual machine", inVm, { skip: kvmMissing });

test("a configuration that is a program is not run, though there is no other", () => {
  const others = new TrapDirectory(join(base, "modules"), join(base, "modules-ran"));
  for (const ending of ["json", "mts", "cts", "js", "mjs", "cjs"]) rmSync(others.file(`ztl.config.${ending}`));
  for (const args of [["policy", "check"], ["review"], ["ledger", "verify"], ["runs"], ["serve"]]) {
    const env = { ...process.env, ...OWN };
    const { status } = spawnSync(process.execPath, [LAUNCHER, ...args], { cwd: others.path, env, timeout: 60_000 });
    assert.deepEqual(others.ran(), [], args.join(" "));
    assert.notEqual(status, 0);
  }
});

test("serve", async () => {
  const env = { ...process.env, ...OWN, ...traps.variables };
  const child = spawn(process.execPath, [LAUNCHER, "serve"], { cwd: traps.path, env });
  const ended = once(child, "close");
  const [said] = (await Promise.race([once(child.stdout, "data"), ended])) as [unknown];
  child.kill("SIGTERM");
  await ended;
  assert.match(String(said), /The page is at http/);
  assert.deepEqual(traps.ran(), []);
});

test("what a guest itself executes of a mounted project stays in its virtual machine", { skip: kvmMissing }, () => {
  const code = "cd /project; python3 -c 'import json'; . ./shell-start; ./node; PATH=. bash; echo went on";
  const { stdout, stderr } = ztl(["run", "--mount", ".:/project", "--shell", `(${code}) 2>&1; echo ended`], {});
  assert.match(stdout, /ended/, stderr);
  assert.deepEqual(traps.ran(), []);
});

test("ztl doctor says what it left alone, and why", { skip: kvmMissing }, () => {
  const { stdout } = ztl(["doctor"], traps.variables);
  for (const said of [
    /PATH entry "" means another place in each working directory/,
    /PATH entry "\." means another place/,
    /not used: \S*project\/python3: \S+ belongs to the project in \S+, the working directory\n +-> name it/,
    /not used: \S*\.venv\/bin\/python3: \S+ belongs to the project/,
  ])
    assert.match(stdout, said);
});

/** Last: now they go off. A trap that cannot would prove nothing. */
describe("the traps are alive", () => {
  // With its input at a socket, as Node makes pipes, bash takes itself for a remote shell and reads ~/.bashrc as well.
  const bare = { env: { PATH: "/usr/bin:/bin" }, cwd: traps.path, stdio: "ignore" } as const;
  const went = (name: string): void => assert.ok(traps.ran().includes(name), `${name} did not go off: ${traps.ran()}`);

  test("programs and shell files", () => {
    for (const name of ["python3", "node", ".pyenv/shims/python3", ".git/hooks/fsmonitor"]) {
      spawnSync(traps.file(name), [], bare);
      went(name.replaceAll("/", "+"));
    }
    spawnSync("/bin/bash", ["-c", ":"], { ...bare, env: { BASH_ENV: traps.file("shell-start") } });
    went("shell-start");
  });

  test("libraries", { skip: existsSync(traps.file("library.so")) ? false : "NOT TESTED: no C compiler" }, () => {
    spawnSync("/bin/true", [], { ...bare, env: { LD_PRELOAD: traps.file("vec0.so") } });
    went("library");
  });

  test("JavaScript", () => {
    for (const name of ["ztl.config.ts", "ztl.config.mjs", "evil.mjs"]) {
      spawnSync(process.execPath, [traps.file(name)], { cwd: traps.path });
      went(name);
    }
    spawnSync(process.execPath, ["-e", "require('koffi')"], { cwd: traps.path });
    went("node_modules+koffi+index.js");
    spawnSync(process.execPath, ["-e", "require('zod')"], { cwd: base, env: { HOME: traps.path } });
    went(".node_modules+zod+index.js");
  });

  test("Python", { skip: hasRealPython() ? false : "NOT TESTED: no /usr/bin/python3" }, () => {
    spawnSync("/usr/bin/python3", ["-c", "import json"], bare);
    went("json.py");
    spawnSync("/usr/bin/python3", ["-c", ""], { ...bare, env: { PYTHONPATH: traps.path }, cwd: "/" });
    went("encodings+__init__.py");
    spawnSync(traps.file(".venv", "bin", "python3"), ["-I", "-c", ""], { ...bare, cwd: "/" });
    assert.ok(
      traps.ran().some((name) => /^\.venv.*evil\.pth$/.test(name)),
      "not even -I keeps it from them",
    );
  });
});
