import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../../src/vmm/testing.ts";
import { compile, compilerMissing, muslMissing, runInGuest, runNatively, workshop } from "./harness.ts";

/** Programs also built without a dynamic loader, and with the other C library. */
const STATIC = ["processes"];
const MUSL = ["memory"];

const programs = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".c"))
  .map((name) => name.slice(0, -2))
  .sort();

describe("C programs behave as on Linux", { skip: kvmMissing || compilerMissing }, () => {
  let shop: ReturnType<typeof workshop>;
  before(() => {
    shop = workshop();
  });
  after(() => shop.remove());

  const compare = (name: string, compiler: string, options: readonly string[]): void => {
    const program = compile(shop.directory, name, compiler, options);
    const native = runNatively(shop.directory, program);
    assert.ok(native.stdout.length > 0, `${name} wrote nothing natively`);
    assert.deepEqual(runInGuest(shop.directory, program), native);
  };

  for (const name of programs) test(name, () => compare(name, "cc", []));
  for (const name of STATIC) test(`${name}, static`, () => compare(name, "cc", ["-static"]));
  for (const name of MUSL)
    test(`${name}, static with musl`, { skip: muslMissing }, () => compare(name, "musl-gcc", ["-static"]));
});
