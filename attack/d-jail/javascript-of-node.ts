import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { type Doing, type Targets, targetsOf, withCaptive } from "./captive.helper.ts";

type Requires = Parameters<Doing<Targets>>[0]["require"];
type Way = (require: Requires, targets: Targets) => unknown;

/** What a program in Node would try. Each gives something back, or throws, only if it was not stopped. */
const WAYS: Readonly<Record<string, Way>> = {
  "a program": (require) => require("node:child_process").spawnSync("/bin/sh", ["-c", "id"]).pid,
  "a forked cell": (require) => require("node:cluster").fork().id,
  "a worker": (require) => new (require("node:worker_threads").Worker)("1", { eval: true }).threadId,
  "a connection": (require, { port }) => require("node:net").connect(port, "127.0.0.1") && "connected",
  "a named socket": (require, { socketPath }) => require("node:net").connect(socketPath) && "connected",
  "a server": (require) => require("node:net").createServer().listen(0) && "listens",
  "a datagram": (require) => require("node:dgram").createSocket("udp4").send("x", 9, "127.0.0.1"),
  "a look-up": (require) => require("node:dns").lookup("localhost", () => {}) && "asked",
  "the inspector": (require) => require("node:inspector").open(0, "127.0.0.1", false) ?? "open",
  "a secret": (require, { secretFile }) => require("node:fs").readFileSync(secretFile, "utf8"),
  "a secret, in another thread": (require, { secretFile }) =>
    require("node:fs").readFile(secretFile, () => {}) ?? "asked",
  "a file": (require, { directory }) => require("node:fs").writeFileSync(`${directory}/open/new`, "x") ?? "written",
  "a heap snapshot": (require, { directory }) => require("node:v8").writeHeapSnapshot(`${directory}/open/heap`),
  "a report": (_, { directory }) => process.report.writeReport(`${directory}/open/report.json`),
  "a watch": (require, { directory }) => require("node:fs").watch(directory) && "watches",
  "a database": (require, { directory }) =>
    new (require("node:sqlite").DatabaseSync)(`${directory}/open/database`) && "open",
  "a library": (_, { directory }) => process.dlopen({ exports: {} }, `${directory}/open/addon.node`) ?? "loaded",
  "a signal": (_, { parent }) => process.kill(parent, "SIGTERM"),
  "another priority": (require, { parent }) => require("node:os").setPriority(parent, 19) ?? "set",
  "another user": () => process.setuid?.(65534) ?? "changed",
  "another directory": () => process.chdir("/usr") ?? "changed",
};

const go: Doing<{ source: string; targets: Targets }> = ({ require }, { source, targets }) => {
  const { compileFunction } = require("node:vm");
  const answer = compileFunction(`return (${source});`)()(require, targets);
  // What Node puts off until the code has come back, which it never does in a cell.
  (process as unknown as { _tickCallback(): void })._tickCallback();
  return answer;
};

/** What a way that is not killed for may answer: that it may not, or that there is no such thing. */
const REFUSED = /^thrown: (EACCES|ENOENT|EPERM|ERR_\w+)$/;

export const attack: Attack = {
  promise: 22,
  must: "Nothing that Node itself can do leads out of a cell that was taken over.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      const targets = targetsOf(stage);
      const wrong: string[] = [];
      let killed = 0;
      await Promise.all(
        Object.entries(WAYS).map(async ([name, way]) => {
          const { said, ended } = await captive.tries(go, { source: way.toString(), targets });
          if (ended === "SIGSYS") killed++;
          else if (!REFUSED.test(said ?? "")) wrong.push(`${name}: ${said ?? ended}`);
        }),
      );
      assert.deepEqual(wrong, []);
      assert.ok(killed > 0);
    }),
};
