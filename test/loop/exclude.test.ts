import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

const SECRETS = [".env", "web/.env.local", "tls/server.pem", ".ssh/id_ed25519", ".aws/credentials", ".npmrc"];
const LOOK = `find . -type f | sort; cat ${SECRETS.join(" ")}`;

function fill({ project }: TestLoop): void {
  for (const path of [...SECRETS, "main.py"]) {
    mkdirSync(join(project, path, ".."), { recursive: true });
    writeFileSync(join(project, path), "hunter2\n");
  }
}

suite("secrets in a project", { skip: kvmMissing() }, () => {
  test("are not there unless the configuration shows them, and stay as they are", async () => {
    await using world = await openTestLoop();
    fill(world);
    const { loop, project } = world;
    const looked = await talk(loop, "writer").call({ tool: "shell", input: { code: LOOK } });
    assert.ok(!looked.forModel.text.includes("hunter2"), looked.forModel.text);

    const code =
      "for f in .env .ssh/x tls/new.pem; do echo evil > $f && echo WRITTEN; done; rm -rf tls web; echo ok > fine";
    const changed = await talk(loop, "writer", "second").call({ tool: "shell", input: { code } });
    assert.ok("changeSet" in changed && changed.changeSet, changed.forModel.text);
    assert.ok(!changed.forModel.text.includes("WRITTEN"), changed.forModel.text);
    const { reviewId, hash } = changed.changeSet;
    const approved = await loop.reviews.approve(reviewId, { hash, reviewer: "ann" });
    // The directories hold something that the guest did not see: they cannot be removed unseen.
    assert.notEqual(approved.status, "done");
    for (const path of SECRETS) assert.equal(readFileSync(join(project, path), "utf8"), "hunter2\n", path);
  });

  test("are shown where exclude is empty", async () => {
    await using world = await openTestLoop((config) => {
      const shell = {
        template: "shell",
        mounts: [{ host: "project", guest: "/project", mode: "ro", exclude: [] }],
      } as const;
      return { ...config, tools: { ...config.tools, shell } };
    });
    fill(world);
    const looked = await talk(world.loop, "writer").call({ tool: "shell", input: { code: "cat .env | tr h H" } });
    assert.match(looked.forModel.text, /Hunter2/);
  });
});
