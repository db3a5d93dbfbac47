import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { cacheKey } from "./cache-directory.ts";
import { compileCacheDirectory } from "./compile-cache.ts";

const LAUNCHER = fileURLToPath(new URL("../../../bin/ztl.js", import.meta.url));

let base: string;
let place: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "ztl-compile-cache-"));
  place = join(base, "zero-trust-loop");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const made = (): string => {
  const directory = compileCacheDirectory(place);
  assert.ok(directory, "NOT TESTED: the file system of the temporary directory does not say when a file was made");
  return directory;
};
const names = (): string[] => readdirSync(place).filter((name) => name.includes("compile"));

test("it is made once", () => {
  const directory = made();
  writeFileSync(join(directory, "code"), "");
  assert.equal(made(), directory);
  assert.ok(existsSync(join(directory, "code")));
  assert.deepEqual(names(), [basename(directory)]);
});

test("a copy, whatever it is called, is removed: others may have made it", () => {
  const directory = made();
  writeFileSync(join(directory, "code"), "");
  execFileSync("cp", ["-a", directory, join(place, "compile")]);
  execFileSync("cp", ["-a", directory, join(place, `compile-${"0".repeat(32)}`)]);
  assert.equal(made(), directory);
  assert.deepEqual(names(), [basename(directory)]);

  const other = join(base, "other");
  execFileSync("cp", ["-a", place, other]);
  const again = compileCacheDirectory(other);
  assert.notEqual(basename(again as string), basename(directory));
  assert.deepEqual(readdirSync(again as string), []);
  assert.ok(!existsSync(join(other, basename(directory))));
});

test("links and what others may write are removed, and nothing behind a link is", () => {
  const directory = made();
  const elsewhere = join(base, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "kept"), "");
  rmSync(directory, { recursive: true });
  symlinkSync(elsewhere, directory);
  const next = made();
  assert.notEqual(next, directory);
  assert.ok(existsSync(join(elsewhere, "kept")));
  writeFileSync(join(next, "code"), "");
  chmodSync(next, 0o777);
  assert.deepEqual(readdirSync(made()), []);
});

test("the launcher makes it, keeps code there, and takes none from a copy", () => {
  const start = (): void => {
    const env = { ...process.env, XDG_CACHE_HOME: base };
    assert.equal(spawnSync(process.execPath, [LAUNCHER, "version"], { env }).status, 0);
  };
  start();
  const [name, ...more] = names();
  assert.deepEqual(more, []);
  assert.equal(join(place, name as string), made(), "as the library finds it");
  assert.equal(readdirSync(made()).length, 1, "one directory for this version of Node");
  start();
  assert.deepEqual(names(), [name], "found by the launcher itself");
  execFileSync("cp", ["-a", place, `${place}-copy`]);
  rmSync(place, { recursive: true });
  execFileSync("mv", [`${place}-copy`, place]);
  start();
  assert.equal(names().length, 1);
  assert.notEqual(names()[0], name);
});

test("a copied key makes another key: it does not vouch for templates that came with it", () => {
  made();
  const key = cacheKey(place);
  assert.deepEqual(cacheKey(place), key);
  const other = join(base, "other");
  execFileSync("cp", ["-a", place, other]);
  assert.notDeepEqual(cacheKey(other), key);
});
