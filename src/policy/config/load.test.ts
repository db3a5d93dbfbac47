import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { CONFIG_BYTES_MAX } from "../limits.ts";
import { SAMPLE } from "../testing.ts";
import { loadConfig } from "./load.ts";

const base = mkdtempSync(join(tmpdir(), "ztl-policy-"));
after(() => rmSync(base, { recursive: true, force: true }));

let made = 0;
/** A file in a directory of its own: a module is loaded once per path. */
function write(name: string, text: string): string {
  const directory = join(base, `d${made++}`);
  mkdirSync(directory);
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const JSON_TEXT = JSON.stringify(SAMPLE);
const MODULE_TEXT = `const names: string[] = ["clock"];\nconst config = ${JSON_TEXT};\nconfig.roles.reader.tools = names;\n`;

describe("a configuration is read", () => {
  const cases: readonly [title: string, name: string, text: string][] = [
    ["from JSON", "ztl.config.json", JSON_TEXT],
    ["from JSON with a byte order mark", "ztl.config.json", `\ufeff${JSON_TEXT}`],
    ["from TypeScript that exports config", "ztl.config.ts", `${MODULE_TEXT}export { config };\n`],
    ["from TypeScript with a default export", "ztl.config.ts", `${MODULE_TEXT}export default config;\n`],
    ["from JavaScript", "policy.mjs", `export const config = ${JSON_TEXT};\n`],
  ];
  for (const [title, name, text] of cases)
    test(title, async () => {
      const path = write(name, text);
      const config = await loadConfig(path);
      const tool = config.tools.read_secret;
      assert.ok(tool !== undefined && !tool.external);
      assert.equal(tool.mounts[0]?.host, join(path, "..", "vault"), "paths begin at the file's directory");
      assert.equal(config.roles.reader?.tools.includes("clock"), true);
    });
});

describe("what cannot be read is told", () => {
  const cases: readonly [title: string, name: string, text: string, code: string, message: RegExp][] = [
    ["no JSON", "ztl.config.json", '{"agents": {},}', "config-invalid", /is not JSON: .*position 14/],
    ["a name that stands twice", "ztl.config.json", '{"roles": {}, "roles": {}}', "config-invalid", /"roles" twice/],
    ["no JSON, on its third line", "ztl.config.json", '{\n"a": 1,\n"b"', "config-invalid", /line 3/],
    ["deep nesting", "ztl.config.json", "[".repeat(100_000), "config-invalid", /may nest 256 levels/],
    ["too large", "ztl.config.json", " ".repeat(CONFIG_BYTES_MAX + 1), "config-invalid", /bytes; 1048576 are the most/],
    [
      "a module with an error",
      "ztl.config.ts",
      "export const config = nothing;",
      "config-invalid",
      /nothing is not defined/,
    ],
    ["a module that is no TypeScript", "ztl.config.ts", "export const = {};", "config-invalid", /cannot be loaded/],
    ["a module without a configuration", "ztl.config.ts", "export const cfg = {};", "config-invalid", /as `config`/],
    ["a wrong one", "ztl.config.ts", "export const config = { agents: 1 };", "config-invalid", /agents: /],
  ];
  for (const [title, name, text, code, message] of cases)
    test(title, async () => {
      const path = write(name, text);
      await assert.rejects(loadConfig(path), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return error.message.startsWith(`${path} is not a valid configuration:`);
      });
    });

  test("no file, or a directory", async () => {
    for (const name of ["none.json", "none.ts"])
      await assert.rejects(loadConfig(join(base, name)), { code: "config-not-found", message: /ENOENT/ });
    await assert.rejects(loadConfig(base), { code: "config-not-found", message: /EISDIR/ });
    // Reading them would never end.
    const pipe = join(base, "pipe.json");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/zero"])
      await assert.rejects(loadConfig(path), { code: "config-not-found", message: /no regular file/ });
  });
});
