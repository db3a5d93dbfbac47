import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseRunArguments } from "./run-arguments.ts";
import { UsageError } from "./usage-error.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-arguments-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const script = join(directory, "script.py");
writeFileSync(script, "print(1)\n");

test("a program and its arguments, whatever they look like", () => {
  const { call } = parseRunArguments(["--timeout", "5s", "--", "ls", "-la", "--json", "--", "x"]);
  assert.deepEqual(call, { tool: "exec", program: "ls", args: ["-la", "--json", "--", "x"], env: {} });
});

test("Python code, a script that is mounted, one that is not, and standard input", () => {
  assert.deepEqual(parseRunArguments(["--python", "print(1)", "--", "a"]).call, {
    tool: "python",
    code: "print(1)",
    args: ["a"],
    env: {},
  });
  const mounted = parseRunArguments(["--mount", `${directory}:/data:ro`, "--python", script]);
  assert.ok(mounted.call.tool === "python");
  assert.equal(mounted.call.file, "/data/script.py");
  const carried = parseRunArguments(["--python", script]);
  assert.ok(carried.call.tool === "python");
  const { file } = carried.call;
  assert.deepEqual(
    carried.options.mounts?.map(({ kind, guest }) => [kind, guest]),
    [["file", file]],
  );
  assert.equal(parseRunArguments(["--python", "-"]).stdin, "code");
  assert.equal(parseRunArguments(["-i", "--shell", "cat"]).stdin, "input");
});

test("mounts", () => {
  const mounts = ["/a:/b", "/a:/b:ro", "/a:/b:overlay", "/a:b:/c/", `${script}:/s`];
  assert.deepEqual(parseRunArguments([...mounts.flatMap((mount) => ["--mount", mount]), "--", "true"]).options.mounts, [
    { kind: "overlay", host: "/a", guest: "/b" },
    { kind: "ro", host: "/a", guest: "/b" },
    { kind: "overlay", host: "/a", guest: "/b" },
    { kind: "overlay", host: "/a:b", guest: "/c" },
    { kind: "ro", host: script, guest: "/s" },
  ]);
});

test("variables, given or passed on", () => {
  process.env.ZTL_ARGUMENTS_TEST = "here";
  const { call } = parseRunArguments(["--env", "A=1=2", "--env", "ZTL_ARGUMENTS_TEST", "--env", "E=", "--", "env"]);
  assert.deepEqual(call.env, { A: "1=2", ZTL_ARGUMENTS_TEST: "here", E: "" });
});

test("limits", () => {
  const args = [
    "--timeout=1s",
    "--cpu-time=2s",
    "--memory=1M",
    "--processes=3",
    "--open-files=4",
    "--max-changes=5",
    "--max-output=6",
  ];
  assert.deepEqual(parseRunArguments([...args, "--", "true"]).options.limits, {
    wallMs: 1000,
    cpuMs: 2000,
    memoryBytes: 2 ** 20,
    processes: 3,
    openFiles: 4,
    overlayBytes: 5,
    outputBytes: 6,
  });
});

test("a trace, with and without a file, of all calls or some, and counts", () => {
  const parsed = (...args: string[]): object => parseRunArguments([...args, "--", "true", "--trace=x"]).trace;
  const none = { file: undefined, isTold: false, calls: undefined, isCounted: false };
  assert.deepEqual(parsed(), none);
  assert.deepEqual(parsed("--trace"), { ...none, isTold: true });
  assert.deepEqual(parsed("--trace=out.txt", "--stats"), { ...none, file: "out.txt", isTold: true, isCounted: true });
  assert.deepEqual(parsed("--trace-calls=file,openat"), { ...none, isTold: true, calls: ["file", "openat"] });
  assert.deepEqual(parsed("--stats"), { ...none, isCounted: true });
});

test("mistakes are told, not guessed around", () => {
  const mistakes = [
    [],
    ["--"],
    ["ls", "-l"],
    ["--unknown", "--", "ls"],
    ["--python", "1", "--shell", "1"],
    ["--mount", "/a", "--", "ls"],
    ["--mount", "/a:b", "--", "ls"],
    ["--mount", "/a:/b:rw", "--", "ls"],
    ["--env", "ZTL_NOT_SET_ANYWHERE", "--", "ls"],
    ["--timeout", "soon", "--", "ls"],
    ["-i", "--python", "-"],
    ["--trace-calls=files", "--", "ls"],
    ["--trace-calls=", "--", "ls"],
    ["--trace-calls=file,,read", "--", "ls"],
  ];
  for (const args of mistakes) assert.throws(() => parseRunArguments(args), UsageError, args.join(" "));
});
