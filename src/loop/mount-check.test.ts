import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ZtlError } from "../errors.ts";
import { Policy } from "../policy/index.ts";
import { ZeroTrustLoop } from "./loop.ts";
import { checkMountsOf, type MountProblem } from "./mount-check.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-mounts-"));
const stateDirectory = join(directory, "state");
after(() => rmSync(directory, { recursive: true, force: true }));
for (const each of ["project/docs/deep", "other"]) mkdirSync(join(directory, each), { recursive: true });
writeFileSync(join(directory, "file"), "x");
symlinkSync("project", join(directory, "link"));
symlinkSync("/proc/self", join(directory, "to-proc"));
execFileSync("mkfifo", [join(directory, "pipe")]);

type Mount = readonly [host: string, guest: string, mode?: "ro" | "overlay"];

function configOf(mounts: readonly Mount[]) {
  const written = mounts.map(([host, guest, mode = "ro"]) => ({ host, guest, mode }));
  return {
    agents: {},
    roles: {},
    tools: { fine: { template: "python" }, work: { template: "shell", mounts: written } },
  } as const;
}

function problemsOf(mounts: readonly Mount[]): readonly MountProblem[] {
  try {
    checkMountsOf(new Policy(configOf(mounts), directory).config, { stateDirectory });
    return [];
  } catch (error) {
    assert.ok(ZtlError.isInstance(error), String(error));
    const problems = error.details.problems as readonly MountProblem[];
    assert.equal(error.code, problems[0]?.code);
    for (const { path, message, remedy } of problems) {
      assert.ok(error.message.includes(`${path}: ${message}. ${remedy}`), error.message);
      assert.ok(remedy.length > 10);
    }
    return problems;
  }
}

const REFUSED: Readonly<Record<string, readonly [problem: `${MountProblem["code"]} ${string}`, ...Mount[]]>> = {
  "nothing there": ["mount-not-found 1.host", ["other", "/o"], ["missing", "/m"]],
  "a file below which nothing can lie": ["mount-not-found 0.host", ["file/below", "/m"]],
  "an overlay over a file": ["mount-invalid 0.host", ["file", "/m", "overlay"]],
  "a pipe": ["mount-invalid 0.host", ["pipe", "/m"]],
  "a socket": ["mount-invalid 0.host", ["socket", "/m"]],
  "the whole host": ["mount-hidden 0.host", ["/", "/m"]],
  "the whole host, in other words": ["mount-hidden 0.host", ["/usr/../.", "/m", "overlay"]],
  "/proc": ["mount-hidden 0.host", ["/proc", "/m"]],
  "in /proc": ["mount-hidden 0.host", ["/proc/self/environ", "/m"]],
  "a link to /proc": ["mount-hidden 0.host", ["to-proc", "/m"]],
  "in /sys": ["mount-hidden 0.host", ["/sys/kernel", "/m"]],
  "/dev": ["mount-hidden 0.host", ["/dev", "/m"]],
  "/dev/shm, which every process has": ["mount-hidden 0.host", ["/dev/shm", "/m"]],
  "/run": ["mount-hidden 0.host", ["/run", "/m"]],
  "/run by its old name": ["mount-hidden 0.host", ["/var/run", "/m"]],
  "the state directory": ["state-exposed 0.host", ["state/ledger", "/m"]],
  "what the state directory lies in": ["state-exposed 0.host", [".", "/m", "overlay"]],
  "the guest's own /proc": ["mount-overlap 0.guest", ["other", "/proc"]],
  "in the guest's own /dev": ["mount-overlap 0.guest", ["other", "/dev/data"]],
  "an outer mount after the inner one": ["mount-overlap 1.guest", ["other", "/m/a/b"], ["project", "/m"]],
  "two overlays of one directory": ["mount-overlap 1.host", ["project", "/a", "overlay"], ["project", "/b", "overlay"]],
  "two overlays of one directory, through a link": [
    "mount-overlap 1.host",
    ["project", "/a", "overlay"],
    ["link", "/b", "overlay"],
  ],
  "an overlay in another": [
    "mount-overlap 1.host",
    ["project", "/a", "overlay"],
    ["project/docs/deep", "/b", "overlay"],
  ],
  "an overlay around another": ["mount-overlap 1.host", ["link/docs", "/a", "overlay"], ["project", "/b", "overlay"]],
};

for (const [name, [problem, ...mounts]] of Object.entries(REFUSED)) {
  test(`refused, with the place and a remedy: ${name}`, async () => {
    await using stack = new AsyncDisposableStack();
    const server = createServer().listen(join(directory, "socket"));
    stack.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
    await new Promise((resolve) => server.once("listening", resolve));
    const [code, place] = problem.split(" ");
    const found = problemsOf(mounts).map(({ code, path }) => `${code} ${path}`);
    assert.deepEqual(found, [`${code} tools.work.mounts.${place}`]);
    await assert.rejects(ZeroTrustLoop.open({ config: configOf(mounts), directory, stateDirectory }), {
      code: code as string,
    });
    assert.ok(!existsSync(stateDirectory), "nothing is made");
  });
}

test("everything that is wrong is told at once", () => {
  const problems = problemsOf([
    ["missing", "/a"],
    ["/proc", "/dev/x"],
    ["pipe", "/a/b"],
  ]);
  const told = problems.map(({ code, path }) => `${code} ${path.replace("tools.work.mounts.", "")}`);
  assert.deepEqual(told, [
    "mount-not-found 0.host",
    "mount-hidden 1.host",
    "mount-overlap 1.guest",
    "mount-invalid 2.host",
  ]);
});

test("mounts that go together are left alone", () => {
  const fine: readonly (readonly Mount[])[] = [
    [
      ["project", "/project", "overlay"],
      ["project/docs", "/project/docs", "overlay"],
    ],
    [
      ["project", "/project", "overlay"],
      ["link/docs", "/project/docs"],
    ],
    [
      ["project", "/a", "overlay"],
      ["project", "/b"],
    ],
    [
      ["project", "/a", "overlay"],
      ["other", "/b", "overlay"],
    ],
    [
      ["project", "/project", "overlay"],
      ["file", "/project/file"],
    ],
    [
      ["file", "/one"],
      ["link", "/two"],
    ],
    [
      ["/usr/share", "/share"],
      ["other", "/devices"],
    ],
  ];
  for (const mounts of fine) assert.deepEqual(problemsOf(mounts), [], JSON.stringify(mounts));
});
