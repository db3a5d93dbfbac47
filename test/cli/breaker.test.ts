import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { talk } from "../../src/loop/testing.ts";
import { CliWorld } from "./world.ts";

suite("ztl breaker", () => {
  let world: CliWorld;
  before(() => {
    world = new CliWorld();
  });
  after(() => world[Symbol.dispose]());

  const open = (): { id: string; hash: string; evidence?: unknown }[] =>
    JSON.parse(world.ztl("breaker", "status", "--json").stdout) as { id: string; hash: string }[];

  test("stops an agent's process that goes on, says so, and lets it go on again", async () => {
    assert.deepEqual([world.ztl("breaker", "status").status, open()], [0, []]);
    await world.withLoop(async (loop) => {
      const conversation = talk(loop, "writer");
      const call = conversation.call({ tool: "python", input: { code: "while True: pass" } });
      const [status, text] = await world.ztlBeside(
        "breaker",
        "open",
        "--agent",
        "writer",
        "--message",
        "It hangs",
        "--reviewer",
        "ann",
      );
      assert.equal(status, 0, text);
      assert.match(text, /open +agent writer\n +It hangs\n +opened .* by ann\n/);
      const ended = await call;
      assert.equal(ended.status, "cancelled");
      assert.match(ended.forModel.text, /ended it: It hangs/);
      const refused = await conversation.permit({ tool: "mail", input: {} });
      assert.equal(refused.status === "refused" && refused.decision.rule, "breaker");
      assert.equal(world.ztl("breaker", "status").status, 3);
      const [{ id, hash } = { id: "", hash: "" }] = open();
      assert.equal(world.ztl("breaker", "close", id, "--hash", "0".repeat(64)).status, 3);
      const closed = world.ztl("breaker", "close", id.slice(0, 8), "--hash", hash, "--reviewer", "bob");
      assert.equal(closed.status, 0, closed.stderr);
      assert.equal((await conversation.permit({ tool: "mail", input: {} })).status, "permitted");
    });
    assert.equal(world.ztl("ledger", "verify").status, 0);
    assert.match(world.ztl("ledger", "tail").stdout, /breaker/);
  });

  test("once there are reviewers one must close it, and anybody opens it still", () => {
    mkdirSync(join(world.directory, "keys"), { mode: 0o700 });
    const { token } = JSON.parse(world.ztl("reviewer", "add", "alice", "--json").stdout) as { token: string };
    const key = join(world.directory, "keys", "alice");
    writeFileSync(key, token, { mode: 0o600 });
    assert.equal(world.ztl("breaker", "open").status, 0);
    const [{ id } = { id: "" }] = open();
    const bare = world.ztl("breaker", "close", id);
    assert.deepEqual([bare.status, /signature-required/.test(bare.stderr)], [6, true]);
    const closed = world.ztl("breaker", "close", id, "--as", "alice", "--key", key);
    assert.equal(closed.status, 0, closed.stderr);
    assert.match(world.ztl("ledger", "verify").stdout, /1 decisions, each signed by the reviewer it names/);
  });

  test("what cannot be meant is refused", () => {
    for (const args of [
      [],
      ["shut"],
      ["status", "now"],
      ["open", "--conversation", "main"],
      ["open", "--agent", "nobody"],
      ["open", "--run", "none"],
      ["open", "--hash", "0".repeat(64)],
      ["close"],
      ["close", "abcd", "--agent", "writer"],
    ])
      assert.equal(world.ztl("breaker", ...args).status, 125, args.join(" "));
    assert.equal(world.ztl("breaker", "close", "abcd").status, 5);
    assert.deepEqual(open(), []);
  });
});
