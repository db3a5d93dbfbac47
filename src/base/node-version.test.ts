import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { requireNode } from "./node-version.ts";

test("an older Node is told what is needed, and what it is", () => {
  for (const old of ["18.20.4", "20.20.2", "22.17.1"])
    assert.throws(() => requireNode(old), {
      code: "node-too-old",
      message: new RegExp(`22\\.18 or newer; this is ${old}`),
    });
  for (const new_ of ["22.18.0", "24.0.0", "30.1.2"]) requireNode(new_);
});

test("nothing that is imported by its name is missing in an older Node", () => {
  // Where it is: a builtin that an older Node lacks ends the import before anything could be told.
  const source = fileURLToPath(new URL("..", import.meta.url));
  const { stdout } = spawnSync("grep", ["-rnE", 'from "node:(sqlite|sea)"', source, "--include=*.ts"], {
    encoding: "utf8",
  });
  const values = stdout.split("\n").filter((line) => line !== "" && !/import type |\.test\.ts:/.test(line));
  assert.deepEqual(values, []);
});
