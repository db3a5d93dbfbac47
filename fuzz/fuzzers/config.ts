import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZtlError } from "../../src/errors.ts";
import { loadConfig, Policy, type ResolvedConfig, STARTER_CONFIG } from "../../src/policy/index.ts";
import type { Fuzzer } from "../fuzzer.ts";
import { encoded, mutated } from "../mutation.ts";

const samples = encoded([
  JSON.stringify(STARTER_CONFIG, undefined, 1),
  JSON.stringify({
    agents: { "a-*": { role: "r" } },
    roles: { r: { tools: ["mail", "*"], ask: ["mail"] } },
    tools: { mail: { external: true, outward: true }, x: { template: "exec", limits: { wallMs: 1 } } },
  }),
  JSON.stringify({
    isolation: { landlock: "required", user: "preferred", seccomp: "required" },
    agents: { a: { role: "r" } },
    roles: { r: { tools: ["*"] } },
    tools: { x: { template: "exec", limits: { wallMs: 1 } } },
  }),
]);
const words = encoded([
  ...[
    '"__proto__":{},',
    '"constructor":1,',
    '"agents":{},',
    '"tools":[],',
    "1e309",
    "-0",
    "null",
    '"../../etc"',
    '"/"',
  ],
  ...[
    '"\\ud800"',
    '"\\u0000"',
    "[[[[[[[[",
    "{".repeat(60),
    '"limits":{"wallMs":1e12},',
    '"*"',
    '"isolation":{"landlock":"required"},',
    '"required"',
    "\ufeff",
    "//",
    ",",
  ],
]);

let directory: string;

/** Any file is a whole configuration or one clear refusal; nothing of it leaks into other objects. */
export const fuzzer: Fuzzer = {
  what: "configuration files, changed",
  open: async () => {
    directory = mkdtempSync(join(tmpdir(), "ztl-fuzz-config-"));
    return async () => rmSync(directory, { recursive: true, force: true });
  },
  make: (random) => mutated(random, samples, words),
  check: async (input) => {
    const file = join(directory, "ztl.config.json");
    writeFileSync(file, input);
    let config: ResolvedConfig;
    try {
      config = await loadConfig(file);
    } catch (error) {
      assert.ok(ZtlError.isInstance(error) && error.code.startsWith("config-"), String(error));
      return;
    } finally {
      assert.deepEqual(Object.keys(Object.prototype), []);
    }
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.tools));
    new Policy(config);
  },
};
