import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { poison } from "./compiled-code.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

const MARK = "compiled-code";

function compiledIn(cache: string): string {
  const name = readdirSync(cache).find((one) => one.startsWith("compile-"));
  assert.ok(name, "a directory for compiled code was made");
  return join(cache, name);
}

export const attack: Attack = {
  promise: 58,
  must: "Poisoned code in Node's compile cache is not run when it came by copy, from an archive, by a link, or lies where others may write.",
  run(stage) {
    using around = new Surroundings(stage);
    const statement = `process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(join(around.base, "ran", MARK))}, "");`;
    const start = (home: string) => around.ztl(["version"], { XDG_CACHE_HOME: home });
    const own = around.directory("own");
    const cache = join(own, "zero-trust-loop");
    assert.equal(start(own).status, 0);
    const genuine = compiledIn(cache);
    assert.ok(poison(genuine, statement) > 0, "Node kept what it read");
    start(own);
    around.assertWentOff(MARK);
    rmSync(join(around.base, "ran", MARK));

    const ways: Readonly<Record<string, (home: string) => void>> = {
      "a copy of the whole cache": (home) => execFileSync("cp", ["-a", cache, home]),
      "an archive of it": (home) => execFileSync("sh", ["-c", 'tar -cf - -C "$0" . | tar -xpf - -C "$1"', own, home]),
      "the same under the name earlier versions had": (home) => {
        mkdirSync(join(home, "zero-trust-loop"), { mode: 0o700 });
        execFileSync("cp", ["-a", genuine, join(home, "zero-trust-loop", "compile")]);
      },
      "a link to the genuine one": (home) => {
        mkdirSync(join(home, "zero-trust-loop"), { mode: 0o700 });
        symlinkSync(genuine, join(home, "zero-trust-loop", genuine.slice(cache.length + 1)));
      },
      "a link to the cache": (home) => symlinkSync(cache, join(home, "zero-trust-loop")),
      "the genuine one, open to others": (home) => {
        chmodSync(genuine, 0o777);
        renameSync(cache, join(home, "zero-trust-loop"));
      },
    };
    for (const [index, [name, plant]] of Object.entries(ways).entries()) {
      const home = around.directory(`home${index}`);
      plant(home);
      const { stdout, stderr } = start(home);
      assert.deepEqual(around.traps.ran(), [], name);
      assert.match(stdout, /^\d/, `${name}: ${stderr}`);
    }
  },
};
