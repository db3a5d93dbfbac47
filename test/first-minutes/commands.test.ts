import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { launcher } from "./host.ts";

function ztl(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });
}

test("a misspelt command is told with the one that was meant", () => {
  const meant = { ru: "run", rum: "run", docter: "doctor", aprove: "approve", polcy: "policy", revie: "review" };
  for (const [written, command] of Object.entries({ ...meant, "--hlep": "--help" })) {
    const { status, stderr } = ztl(written);
    assert.equal(status, 125);
    assert.equal(
      stderr,
      `ztl: there is no command "${written}"; did you mean "${command}"?\n     ztl --help explains.\n`,
    );
  }
});

test("so are misspelt commands of commands, and options", () => {
  const cases = [
    [["ledger", "verfy"], 'did you mean "verify"?', "ztl ledger --help"],
    [["policy", "chek"], 'did you mean "check"?', "ztl policy --help"],
    [["run", "--pyhton", "1"], 'did you mean "--python"?', "ztl run --help"],
    [["doctor", "--jsno"], 'did you mean "--json"?', "ztl doctor --help"],
    [["runs", "--limt", "3"], 'did you mean "--limit"?', "ztl runs --help"],
    [["demo", "--fats"], 'did you mean "--fast"?', "ztl demo --help"],
  ] as const;
  for (const [args, suggested, help] of cases) {
    const { status, stderr } = ztl(...args);
    assert.equal(status, 125);
    assert.ok(stderr.includes(suggested) && stderr.includes(help), stderr);
  }
});

test("a program without -- before it, with options of its own or not, is told where to put it", () => {
  assert.match(ztl("run", "ls").stderr, /put -- before the program: ztl run -- ls\n/);
  assert.match(ztl("run", "ls", "-l").stderr, /put -- before the program: ztl run -- ls -l\n/);
});

test("every command explains itself, asked in either way", () => {
  for (const command of ["run", "doctor", "demo", "serve", "review", "approve", "undo", "policy", "runs", "ledger"]) {
    const { status, stdout } = ztl(command, "--help");
    assert.equal(status, 0, command);
    assert.ok(stdout.includes(`ztl ${command}`), command);
  }
  assert.equal(ztl("help", "doctor").stdout, ztl("doctor", "--help").stdout);
});
