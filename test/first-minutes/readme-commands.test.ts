import assert from "node:assert/strict";
import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { programMissing } from "../programs.ts";

/**
 * README's two commands as they are written there, in a fresh copy, with nothing but Node, npm and a shell on PATH. The copy holds
 * a few of the tests: those of each kind of need, but not the one that would start all this again.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const TESTS = [
  "src/base/suggestion.test.ts",
  "src/vmm/dirty-pages.test.ts",
  "examples/demo/options.test.ts",
  "test/clock.test.ts",
];
const HELPERS = ["test/kvm.ts", "test/programs.ts", "test/patience.ts"];
const WHAT_NPM_CI_NEEDS = ["package.json", "package-lock.json", "bin", "src", "examples", "guest", "README.md"];

const commands = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^\$ (npm ci && npm .*)$/gm)].map(
  ([, command]) => command as string,
);

test("README names the two commands", () => {
  assert.deepEqual(commands, ["npm ci && npm start", "npm ci && npm test"]);
});

describe("README's commands on a fresh machine", { skip: programMissing("npm", "sh") }, () => {
  const place = mkdtempSync(join(tmpdir(), "ztl-fresh-"));
  const copy = join(place, "copy");
  const bin = join(place, "bin");
  after(() => rmSync(place, { recursive: true, force: true }));

  before(() => {
    for (const path of [...WHAT_NPM_CI_NEEDS, ...HELPERS, ...TESTS])
      cpSync(join(root, path), join(copy, path), { recursive: true, filter: (from) => isWanted(from) });
    mkdirSync(bin);
    for (const program of ["npm", "sh"])
      symlinkSync(execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim(), join(bin, program));
    // npm runs with the Node that is on PATH, which may be older than what the package needs.
    symlinkSync(process.execPath, join(bin, "node"));
  });

  function isWanted(path: string): boolean {
    return !path.endsWith(".test.ts") || TESTS.some((one) => path === join(root, one));
  }

  function run(command: string): SpawnSyncReturns<string> {
    // npm's own cache and settings are the machine's; all else is as in a new account.
    const npm = Object.entries(process.env).filter(([name]) =>
      /^(npm_config_(cache|registry|userconfig)|HOME)$/i.test(name),
    );
    const env = { ...Object.fromEntries(npm), PATH: bin, npm_config_prefer_offline: "true" };
    return spawnSync(join(bin, "sh"), ["-c", command], { cwd: copy, env, encoding: "utf8", timeout: 600_000 });
  }

  for (const command of commands)
    test(command, (t) => {
      const { status, stdout, stderr } = run(command);
      if (/npm (error|ERR!) (code|network).*(ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENOTCACHED)/.test(stderr))
        return t.skip("SKIPPED: npm cannot reach a registry here");
      assert.equal(status, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, command.endsWith("start") ? /^ {2}\d+ of \d+ claims found true/m : /^(# |ℹ )fail 0$/m);
    });
});
