import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ZeroTrustLoop } from "../../src/loop/index.ts";
import { talk, testConfig } from "../../src/loop/testing.ts";
import { CliWorld } from "../cli/world.ts";
import { kvmMissing } from "../kvm.ts";

suite("a directory that a tool mounts has vanished", { skip: kvmMissing() }, () => {
  test("it is told, and all that waits elsewhere can be decided", async () => {
    using world = new CliWorld();
    const other = join(world.directory, "other");
    mkdirSync(other);
    const { tools } = testConfig();
    const mounts = [{ host: "other", guest: "/other", mode: "overlay", trust: "trusted" }];
    world.configure({
      roles: { reading: { tools: ["read"] }, writing: { tools: ["shell", "deploy", "elsewhere"] } },
      tools: { ...tools, elsewhere: { template: "shell", mounts } },
    });
    const waiting = await world.withLoop(async (loop) => {
      const here = await talk(loop, "writer", "a").call({ tool: "shell", input: { code: "echo 1 > kept.txt" } });
      const there = await talk(loop, "writer", "b").call({ tool: "elsewhere", input: { code: "echo 2 > /other/x" } });
      const deploy = await talk(loop, "writer", "c").permit({ tool: "deploy", input: { code: "true" } });
      assert.ok(here.status === "ok" && there.status === "ok" && deploy.status === "waiting");
      return { here: here.changeSet?.reviewId ?? "", there: there.changeSet?.reviewId ?? "", deploy: deploy.reviewId };
    });
    rmSync(other, { recursive: true });

    const config = join(world.directory, "ztl.config.json");
    await assert.rejects(ZeroTrustLoop.open({ config }), { code: "mount-not-found" });
    const listed = world.ztl("review", "--list");
    assert.equal(listed.status, 0, listed.stderr);
    assert.match(listed.stderr, /tools\.elsewhere\.mounts\.0\.host: There is no .*other/);
    for (const id of Object.values(waiting)) assert.ok(listed.stdout.includes(id.slice(0, 8)), listed.stdout);

    const loop = await ZeroTrustLoop.open({ config, missingMounts: "tell" });
    try {
      assert.deepEqual(
        loop.mountProblems.map(({ code }) => code),
        ["mount-not-found"],
      );
      const approve = async (id: string): Promise<string> => {
        const review = await loop.reviews.get(id);
        return (await loop.reviews.approve(id, { hash: review?.hash ?? "", reviewer: "me" })).status;
      };
      assert.equal(await approve(waiting.deploy), "done");
      assert.equal(await approve(waiting.here), "done");
      assert.equal(readFileSync(join(world.project, "kept.txt"), "utf8"), "1\n");
      assert.ok(["conflict", "failed"].includes(await approve(waiting.there)));
      assert.equal(existsSync(other), false, "nothing is made anew for it");
      const call = await talk(loop, "writer", "d").call({ tool: "elsewhere", input: { code: "true" } });
      assert.equal(call.status, "error");
      mkdirSync(other);
      const back = await talk(loop, "writer", "d").call({ tool: "elsewhere", input: { code: "true" } });
      assert.equal(back.status, "ok", back.forModel.text);
    } finally {
      await loop.close();
    }
  });
});
