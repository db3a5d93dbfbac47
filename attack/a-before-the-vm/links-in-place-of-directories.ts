import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Sandbox, ZeroTrustLoop } from "../../src/index.ts";
import { testConfig } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";

/** Opens a sandbox and makes a call; gives the code of what was refused. */
async function refusalOf(cacheDirectory: string): Promise<string | undefined> {
  try {
    const sandbox = await Sandbox.open({ cells: 1, cacheDirectory });
    const result = await sandbox.run({ tool: "exec", program: "/bin/true" });
    await sandbox.close();
    return result.status === "error" ? result.error.code : undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

export const attack: Attack = {
  promise: 58,
  must: "A cache or a state directory, or a part of one, that is a link or open to others is refused; nothing is read or written through it.",
  needs: ["kvm"],
  async run(stage) {
    let made = 0;
    const fresh = (): string => {
      const path = stage.newDirectory();
      chmodSync(path, 0o700);
      made++;
      return path;
    };
    const replacements: Readonly<Record<string, (path: string) => void>> = {
      link(path) {
        const elsewhere = fresh();
        if (existsSync(path)) renameSync(path, join(elsewhere, "moved"));
        else mkdirSync(join(elsewhere, "moved"), { mode: 0o700 });
        symlinkSync(join(elsewhere, "moved"), path);
      },
      "dangling link": (path) => {
        rmSync(path, { recursive: true, force: true });
        symlinkSync(join(stage.directory, "nowhere"), path);
      },
      "open to all": (path) => chmodSync(path, 0o777),
      "open to a group": (path) => chmodSync(path, 0o770),
      "readable for others": (path) => chmodSync(path, 0o744),
    };
    const genuine = join(fresh(), "cache");
    assert.equal(await refusalOf(genuine), undefined);
    for (const part of [".", "templates", "key"])
      for (const [name, replace] of Object.entries(replacements)) {
        const cache = join(fresh(), "cache");
        execFileSync("cp", ["-a", genuine, cache]);
        replace(join(cache, part));
        assert.equal(await refusalOf(cache), "cache-unsafe", `${part}: ${name}`);
      }
    for (const [name, replace] of Object.entries(replacements)) {
      const directory = fresh();
      for (const each of ["project", "inbox"]) mkdirSync(join(directory, each));
      mkdirSync(join(directory, "state"), { mode: 0o700 });
      writeFileSync(join(directory, "state", "kept"), "");
      replace(join(directory, "state"));
      const opening = ZeroTrustLoop.open({ config: testConfig(), directory, cacheDirectory: stage.cacheDirectory });
      await assert.rejects(opening, { code: "state-directory" }, name);
    }
    assert.ok(made > 0 && !readdirSync(stage.directory).includes("nowhere"), "nothing was made behind a link");
  },
};
