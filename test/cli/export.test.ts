import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { received, talk } from "../../src/loop/testing.ts";
import { CliWorld } from "./world.ts";

suite("a case on the command line", () => {
  let world: CliWorld;
  let runId = "";
  before(async () => {
    world = new CliWorld();
    await world.withLoop(async (loop) => {
      ({ runId } = await received(talk(loop, "reader", "case 7"), "fetch", "what the page says"));
    });
  });
  after(() => world[Symbol.dispose]());

  test("of a conversation or a run is written for its owner alone, never over another, and checks itself", () => {
    const key = /ed25519:\S+/.exec(world.ztl("ledger", "verify").stdout)?.[0] ?? "";
    for (const [name, ...about] of [
      ["one.mjs", "--conversation", "case"],
      ["two.mjs", "--run", runId.slice(0, 8)],
    ] as const) {
      const { status, stdout, stderr } = world.ztl("export", ...about, "--out", name);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^\d+ entries and \d+ contents\. node "/);
      const file = join(world.directory, name);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(spawnSync(process.execPath, [file, "--key", key]).status, 0);
    }
    assert.equal(world.ztl("export", "--run", runId, "--out", "one.mjs").status, 125);
    assert.equal(world.ztl("export", "--run", "ffff", "--out", "three.mjs").status, 5);
    assert.equal(world.ztl("export", "--out", "three.mjs").status, 125);
  });
});
