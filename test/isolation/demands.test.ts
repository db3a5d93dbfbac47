import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Sandbox } from "../../src/index.ts";
import { isolationSchema } from "../../src/policy/config/isolation.ts";
import { isolationSchema as sandboxSchema } from "../../src/sandbox/isolation.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { availableLayers, LAYERS } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";
import { runRefusing, runWithout } from "./missing-layer.ts";

const source = (path: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));

interface Seen {
  readonly sandbox: { readonly code: string; readonly message: string };
  readonly call: { readonly code: string; readonly message: string };
  readonly reviews: number;
  readonly preferred: { readonly status: string; readonly isolation: Readonly<Record<string, boolean>> };
  readonly findings: readonly { readonly text: string; readonly remedy?: string }[];
}

/** Demands one wall by the library and by a configuration, then only prefers it. */
function program(layer: string): string {
  return `
    import { mkdtempSync, rmSync } from "node:fs";
    const { Sandbox, ZeroTrustLoop } = await import(${source("index.ts")});
    const { isolationFindings } = await import(${source("sandbox/isolation.ts")});
    const told = async (promise) => promise.then(() => ({ code: "none" }), ({ code, message }) => ({ code, message }));
    const cacheDirectory = ${JSON.stringify(TEST_CACHE)};
    const directory = mkdtempSync("/tmp/ztl-demands-");
    const config = (demand) => ({
      isolation: { ${layer}: demand },
      agents: { a: { role: "r" } }, roles: { r: { tools: ["*"] } }, tools: { sh: { template: "shell" } },
    });
    const open = (demand) => ZeroTrustLoop.open({ config: config(demand), directory, cacheDirectory, stateDirectory: directory + "/state" });
    const call = { tool: "sh", input: { code: "echo on" } };
    const sandbox = await told(Sandbox.open({ cacheDirectory, isolation: { ${layer}: "required" } }));
    const strict = await open("required");
    const refused = (await strict.agent("a").conversation().call(call)).error;
    const reviews = (await strict.reviews.list()).length;
    await strict.close();
    const lax = await Sandbox.open({ cells: 1, cacheDirectory, isolation: { ${layer}: "preferred" } });
    const run = await lax.run({ tool: "shell", code: "echo on" });
    await lax.close();
    rmSync(directory, { recursive: true, force: true });
    console.log(JSON.stringify({ sandbox, call: refused, reviews, findings: isolationFindings(), preferred: { status: run.status, isolation: run.isolation } }));`;
}

describe("a wall that is demanded and missing", { skip: kvmMissing(), concurrency: 2 }, () => {
  for (const layer of LAYERS) {
    const here = availableLayers().available.has(layer);
    test(here ? layer : `${layer}, as on this host`, () => {
      const seen = JSON.parse(here ? runWithout(layer, program(layer)) : runRefusing([], program(layer))) as Seen;
      for (const refusal of [seen.sandbox, seen.call]) {
        assert.equal(refusal.code, "isolation-missing", JSON.stringify(seen));
        assert.match(refusal.message, new RegExp(`required: ${layer} \\(.+\\)\\. `));
        assert.match(refusal.message, new RegExp(`What helps: ${layer}: (allow|use|run) `), "it says what to do");
      }
      assert.equal(seen.reviews, 0, "the loop is open for people all the same");
      assert.equal(seen.preferred.status, "ok");
      assert.equal(seen.preferred.isolation[layer], false);
      assert.ok(seen.findings.some(({ text, remedy }) => text.startsWith(`no ${layer}: `) && remedy !== undefined));
    });
  }
});

test("a configuration can demand what a sandbox can, and all that a run reports", { skip: kvmMissing() }, async () => {
  const walls = Object.keys(isolationSchema.shape).sort();
  assert.deepEqual(walls, Object.keys(sandboxSchema.shape).sort());
  await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE });
  const { isolation } = await sandbox.run({ tool: "shell", code: "true" });
  assert.deepEqual(Object.keys(isolation ?? {}).sort(), walls);
});

test("walls that stand on every host can be demanded, too", async () => {
  const required = { kvm: "required", seccomp: "required", capabilities: "required", limits: "required" } as const;
  await using _ = await Sandbox.open({ isolation: required });
});
