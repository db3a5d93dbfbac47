import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { descendants } from "../processes.ts";
import { Surroundings } from "./surroundings.helper.ts";

/** What a process was started with and has in its memory; undefined for one that is gone or that we may not look into. */
function stateOf(pid: number): { readonly environment: string[]; readonly memory: string } | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
    return { environment, memory: readFileSync(`/proc/${pid}/maps`, "utf8") };
  } catch {
    return undefined;
  }
}

/** The machine's own C library, which any process could be given a second time. */
function someLibrary(): string {
  const [, path = ""] = /(\/\S+\/libm\.so\.6)$/m.exec(readFileSync("/proc/self/maps", "utf8")) ?? [];
  return path;
}

export const attack: Attack = {
  promise: 56,
  must: "What the host process's NODE_OPTIONS, NODE_PATH, LD_PRELOAD, LD_LIBRARY_PATH, OPENSSL_CONF and the like name reaches no cell, and no cell that builds a template.",
  needs: ["kvm", "root"],
  async run(stage) {
    using around = new Surroundings(stage);
    const { project, traps } = around;
    const library = join(project, "evil.so");
    copyFileSync(someLibrary(), library);
    for (const name of ["libc.so.6", "libm.so.6", "libstdc++.so.6"]) copyFileSync(library, join(project, name));
    const variables = {
      NODE_OPTIONS: `--require ${traps.file("preload.cjs")} --import ${traps.file("evil.mjs")}`,
      NODE_PATH: join(project, "node_modules"),
      NODE_COMPILE_CACHE: join(project, "code"),
      NODE_EXTRA_CA_CERTS: library,
      LD_PRELOAD: library,
      LD_LIBRARY_PATH: project,
      LD_AUDIT: library,
      OPENSSL_CONF: join(project, "package.json"),
      GCONV_PATH: project,
      BASH_ENV: traps.file("shell-start"),
      ENV: traps.file("shell-start"),
    };
    const before = { ...process.env };
    const seen = new Map<number, ReturnType<typeof stateOf>>();
    let watching = true;
    const watch = (async () => {
      for (; watching; await sleep(20)) for (const pid of descendants()) seen.set(pid, stateOf(pid) ?? seen.get(pid));
    })();
    try {
      const known = new Set(descendants());
      Object.assign(process.env, variables);
      // Nothing stored: the cell that builds the template is looked at, too.
      const sandbox = await stage.sandbox({ cacheDirectory: false });
      assert.equal(
        await sandbox.shell("echo $((6 * 7)); env | grep -c -e ^NODE_ -e ^LD_ -e ^OPENSSL_ || true"),
        "42\n0\n",
      );
      watching = false;
      await watch;
      const cells = [...seen].flatMap(([pid, state]) => (known.has(pid) || state === undefined ? [] : [state]));
      assert.ok(cells.length >= 2, "the builder and the cell were seen");
      for (const { environment, memory } of cells) {
        assert.deepEqual(environment, []);
        assert.ok(!memory.includes(project), memory);
      }
      assert.deepEqual(traps.ran(), []);
    } finally {
      watching = false;
      for (const name of Object.keys(variables)) delete process.env[name];
      Object.assign(process.env, before);
    }
  },
};
