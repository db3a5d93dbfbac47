import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

const GIB = 2 ** 30;

export const attack: Attack = {
  promise: 16,
  must: "A gigabyte of holes, and many links to it, take neither the channel's time nor the host's memory until they are read.",
  needs: ["kvm", "python"],
  timeoutMs: 120_000,
  run: async (stage) => {
    const sandbox = await withOverlay(stage, { overlayBytes: 2 * GIB, wallMs: 60_000 });
    // The template is loaded with the first run.
    await sandbox.shell("true");
    const before = process.memoryUsage.rss();
    const code =
      "truncate -s 1G f && printf x | dd of=f bs=1 seek=900M conv=notrunc status=none && for i in $(seq 50); do ln f l$i; done";
    // Not by way of the stage, which reads every content for secrets.
    const { changes, status } = await sandbox.sandbox.run({ tool: "shell", code });
    assert.equal(status, "ok");
    assert.equal(changes.length, 51);
    assert.ok(changes.every(({ sizeBytes }) => sizeBytes === GIB));
    assert.ok(process.memoryUsage.rss() - before < 128 * 2 ** 20, "the holes were filled in");
    const { content } = changes[0] ?? {};
    assert.equal(content?.length, GIB);
    assert.equal(content[900 * 2 ** 20], 0x78);
    assert.equal(changes[50]?.content, content, "each link holds a content of its own");
    sandbox.assertNoCellLost();
  },
};
