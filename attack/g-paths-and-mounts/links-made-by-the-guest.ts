import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

export const attack: Attack = {
  promise: 21,
  must: "Links that a guest makes to paths of the host reach nothing, in its run or when their change is described.",
  needs: ["kvm"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    await attackMounts(stage, [{ kind: "overlay", host, guest: "/m" }], async (sandbox) => {
      const secret = stage.canaries.secretFile;
      const code = `cd /m; ln -s ${secret} a; ln -s ../../..${secret} d/b; ln -s ${stage.canaries.directory} c
        cat a d/b c/secret.txt c/link 2>/dev/null; echo over > a; ln ${secret} e 2>/dev/null; rm -rf d; ln -s ${stage.canaries.directory} d; echo x > d/new; cp -r . /tmp/copy; cat /tmp/copy/* 2>/dev/null; true`;
      const result = await sandbox.run({ tool: "shell", code });
      assert.equal(result.stdoutText, "");
      for (const change of result.changes) assert.ok(change.path.startsWith("/m/"), change.path);
      for (const { content } of result.changes)
        assert.ok(!Buffer.from(content ?? []).includes(stage.canaries.secret), "content of the host");
    });
  },
};
