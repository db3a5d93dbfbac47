import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOptions } from "./options.ts";

test("somebody at a terminal decides, unless asked otherwise", () => {
  assert.equal(parseOptions([], true).auto, false);
  assert.equal(parseOptions([], false).auto, true);
  assert.equal(parseOptions(["--auto"], true).auto, true);
  assert.equal(parseOptions(["--json"], true).auto, true);
});

test("a real model has an address and a name", () => {
  assert.equal(parseOptions([], true).model, undefined);
  const url = "http://127.0.0.1:1/v1";
  assert.deepEqual(parseOptions(["--model", url], true).model, { url, name: "default" });
  assert.deepEqual(parseOptions(["--model", url, "--model-name", "m"], true).model, { url, name: "m" });
});

test("what is no option is refused with what helps", () => {
  for (const args of [["--nothing"], ["file"], ["--model"]])
    assert.throws(() => parseOptions(args, true), { code: "demo-arguments" }, args.join(" "));
});
