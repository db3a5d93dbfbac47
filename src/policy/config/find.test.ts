import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findConfig, findConfigModules, requireConfig } from "./find.ts";

const base = mkdtempSync(join(tmpdir(), "ztl-policy-"));
after(() => rmSync(base, { recursive: true, force: true }));

function directory(...names: string[]): string {
  const path = mkdtempSync(join(base, "d-"));
  for (const name of names) writeFileSync(join(path, name), "");
  return path;
}

test("a directory's configuration is found, and directories above are not looked into", () => {
  const place = directory("ztl.config.json");
  assert.equal(findConfig(place), join(place, "ztl.config.json"));
  mkdirSync(join(place, "below"));
  assert.equal(findConfig(join(place, "below")), undefined);
});

test("a module is told and never found, alone or beside JSON", () => {
  for (const ending of ["ts", "mts", "cts", "js", "mjs", "cjs"]) {
    const name = `ztl.config.${ending}`;
    const alone = directory(name);
    assert.equal(findConfig(alone), undefined);
    assert.throws(() => requireConfig(alone), {
      code: "config-not-found",
      message: new RegExp(`${name} is a program`),
    });
    const both = directory(name, "ztl.config.json");
    assert.equal(requireConfig(both), join(both, "ztl.config.json"));
    assert.deepEqual(findConfigModules(both), [join(both, name)]);
  }
});

test("without any, the error says how to get one", () => {
  assert.throws(
    () => requireConfig(directory()),
    (error: { code: string; details: { remedy: string } }) =>
      error.code === "config-not-found" && /policy init/.test(error.details.remedy),
  );
});

test("a link that leads nowhere is there: reading it tells", () => {
  const place = directory();
  symlinkSync("nowhere", join(place, "ztl.config.json"));
  assert.equal(findConfig(place), join(place, "ztl.config.json"));
});
