import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fuzzerNames } from "../../fuzz/catalogue.ts";
import { programMissing } from "../programs.ts";

/** Each fuzzer for a few seconds, always from the same seed. `npm run fuzz` searches longer and elsewhere. */

const MAIN = fileURLToPath(new URL("../../fuzz/main.ts", import.meta.url));
const SECONDS = process.env.ZTL_FUZZ_SECONDS ?? "3";

/** They compare with programs that they have compiled. */
const COMPILING = new Set(["instructions", "mappings", "system-calls"]);

describe("fuzzers", () => {
  for (const name of fuzzerNames()) {
    test(name, { skip: COMPILING.has(name) && programMissing("cc") }, () => {
      const args = ["--no-warnings", MAIN, name, "--seconds", SECONDS, "--seed", "1"];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.match(stdout, /: [1-9]\d* inputs from seed 1, 0 finds/);
    });
  }
});
