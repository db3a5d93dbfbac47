import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "../src/vmm/testing.ts";

/** What README.md shows is run, and must print what it shows. */

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const directory = mkdtempSync(join(tmpdir(), "ztl-readme-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(
    (match) => match[1] as string,
  );
}

/** The commands of a console block with the output each is said to have. */
function commands(block: string): { command: string; output: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => ({ command: part.slice(0, part.indexOf("\n")), output: part.slice(part.indexOf("\n") + 1) }));
}

// Under `npx ztl` npm looks the package up again, which takes longer than the call; what it then starts is bin/ztl.js.
const launcher = `${process.execPath} ${join(root, "bin", "ztl.js")}`;

describe("README.md", { skip: kvmMissing }, () => {
  const shown = blocks("console").flatMap(commands);
  test("shows commands at all", () => assert.ok(shown.length >= 5));
  for (const { command, output } of shown.filter((one) => one.command !== "npm ci")) {
    test(command, () => {
      const result = spawnSync("bash", ["-c", `exec 2>&1; ${command.replaceAll("npx ztl", launcher)}`], {
        cwd: root,
        encoding: "utf8",
      });
      assert.equal(result.stdout, output);
    });
  }

  test("the library example", () => {
    const [code] = blocks("ts");
    assert.ok(code);
    const file = join(directory, "example.ts");
    writeFileSync(file, code.replace('"zero-trust-loop"', JSON.stringify(join(root, "src", "index.ts"))));
    const result = spawnSync(process.execPath, [file], { cwd: directory, encoding: "utf8" });
    const promised = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1] as string);
    assert.equal(promised.length, 2);
    assert.deepEqual(
      result.stdout.split("\n").filter((line) => line !== ""),
      promised,
      result.stderr,
    );
  });
});
