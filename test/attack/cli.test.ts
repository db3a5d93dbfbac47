import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "../kvm.ts";

/** The command line's own words must not carry what a guest, or whoever chose a name, wants a terminal to do. */
const ZTL = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));
/** Clear the screen, a window title, a C1 sequence, text that runs from right to left. */
const HOSTILE = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202ecod";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

function ztl(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [ZTL, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
}

describe("the command line", { skip: kvmMissing() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "ztl-cli-attack-"));
  after(() => rmSync(directory, { recursive: true, force: true }));

  test("quotes hostile names in its messages", () => {
    const calls = [
      ["run", "--", HOSTILE],
      ["run", "--cwd", `/${HOSTILE}`, "--", "true"],
      ["run", "--mount", `/no/${HOSTILE}:/x`, "--", "true"],
      ["run", "--mount", `/tmp:/${HOSTILE}/../x`, "--", "true"],
      ["run", `--${HOSTILE}`],
      ["run", "--timeout", HOSTILE, "--", "true"],
      ["run", "--env", `=${HOSTILE}`, "--", "true"],
      ["run", "--python", `/${HOSTILE}.py`],
      [HOSTILE],
    ];
    for (const args of calls) {
      const { status, stdout, stderr } = ztl(...args);
      assert.notEqual(status, 0, args.join(" "));
      const shown = args[1] === "--python" ? "" : stderr;
      assert.doesNotMatch(shown + stdout, CONTROLS, JSON.stringify([args, stderr]));
    }
  });

  test("prints JSON whose text a terminal takes for text", () => {
    const { status, stdout } = ztl("run", "--json", "--", "printf", "%s", HOSTILE);
    assert.equal(status, 0);
    assert.doesNotMatch(stdout.trimEnd(), CONTROLS);
    assert.equal((JSON.parse(stdout) as { stdout: string }).stdout, HOSTILE);
  });

  test("exits as documented", () => {
    writeFileSync(join(directory, "text"), "no program");
    chmodSync(join(directory, "text"), 0o755);
    const mount = ["--mount", `${directory}:/d:ro`];
    const cases: [status: number, args: string[]][] = [
      [0, ["run", "--", "true"]],
      [7, ["run", "--", "sh", "-c", "exit 7"]],
      [255, ["run", "--", "sh", "-c", "exit 255"]],
      [139, ["run", "--", "sh", "-c", "kill -SEGV $$"]],
      [124, ["run", "--timeout", "200ms", "--", "sleep", "60"]],
      [124, ["run", "--max-output", "1K", "--", "yes"]],
      [125, ["run", "--no-such-option", "--", "true"]],
      [125, ["run"]],
      [125, ["run", "--mount", "/no/such:/x", "--", "true"]],
      [126, ["run", "--", "/usr"]],
      [126, ["run", ...mount, "--", "/d/text"]],
      [127, ["run", "--", "no-such-program"]],
    ];
    for (const [status, args] of cases) {
      const result = ztl(...args);
      assert.equal(result.status, status, `${args.join(" ")}: ${result.stderr}`);
    }
  });
});
