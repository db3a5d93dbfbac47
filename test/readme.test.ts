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
/** The state of the loops that the examples open stays in here. */
const env = { ...process.env, XDG_STATE_HOME: join(directory, "state") };

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(
    (match) => match[1] as string,
  );
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
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
  const demo = shown.find(({ command }) => command === "npm ci && npm start");
  test("npm start", { timeout: 120_000 }, () => {
    assert.ok(demo);
    const { stdout, stderr, status } = spawnSync("npm", ["start", "--silent"], { cwd: root, encoding: "utf8", env });
    assert.equal(status, 0, stdout + stderr);
    // An excerpt: its lines are there in this order; an ellipsis stands for what differs from run to run.
    let rest = stdout;
    for (const line of demo.output.trimEnd().split("\n")) {
      const found = new RegExp(`^${line.split("…").map(escapePattern).join(".*")}`, "m").exec(rest);
      assert.ok(found, `Not printed, or not in this order: ${line}\n${stdout}`);
      rest = rest.slice(found.index + found[0].length);
    }
  });

  // npm test is what runs this test.
  for (const { command, output } of shown.filter(({ command }) => !command.startsWith("npm "))) {
    test(command, () => {
      const result = spawnSync("bash", ["-c", `exec 2>&1; ${command.replaceAll("npx ztl", launcher)}`], {
        cwd: root,
        encoding: "utf8",
      });
      assert.equal(result.stdout, output);
    });
  }

  test("examples are what TypeScript accepts in a project that is strict", () => {
    const project = mkdtempSync(join(directory, "strict-"));
    const files = blocks("ts").map((code, index) => {
      writeFileSync(join(project, `${index}.ts`), code);
      return `${index}.ts`;
    });
    const compilerOptions = {
      ...{ strict: true, noEmit: true, target: "es2024", module: "nodenext", allowImportingTsExtensions: true },
      // The sources beside it are written for this one; the package's declarations need nothing of it.
      exactOptionalPropertyTypes: true,
      ...{ types: ["node"], typeRoots: [join(root, "node_modules", "@types")] },
      paths: { "zero-trust-loop": [join(root, "src", "index.ts")] },
    };
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const compiler = join(root, "node_modules", ".bin", "tsc");
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", project], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });

  for (const code of blocks("ts")) {
    test(`the example that begins ${code.split("\n")[0]}`, () => {
      const project = mkdtempSync(join(directory, "project-"));
      const file = join(project, "example.ts");
      writeFileSync(file, code.replace('"zero-trust-loop"', JSON.stringify(join(root, "src", "index.ts"))));
      const promised = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1] as string);
      assert.ok(promised.length >= 1);
      // Twice, as everybody does who changes a line of it: what the first run left behind is no obstacle.
      for (const time of ["first", "second"]) {
        const result = spawnSync(process.execPath, [file], { cwd: project, encoding: "utf8", env });
        const printed = result.stdout.split("\n").filter((line) => line !== "");
        assert.deepEqual(printed, promised, `the ${time} time: ${result.stderr}`);
      }
    });
  }
});
