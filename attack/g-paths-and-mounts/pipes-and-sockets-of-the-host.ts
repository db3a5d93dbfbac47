import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renameSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 21,
  must: "Pipes, sockets and devices in a mounted directory are not there for the guest, and reading one swapped in does not hang.",
  needs: ["kvm"],
  async run(stage) {
    const host = stage.newDirectory();
    execFileSync("mkfifo", [join(host, "pipe")]);
    writeFileSync(join(host, "file"), "inside");
    const server = createServer((socket) => socket.destroy());
    let connections = 0;
    server.on("connection", () => connections++);
    await new Promise<void>((resolve) => server.listen(join(host, "socket"), resolve));
    const sandbox = await stage.sandbox({
      mounts: [
        { kind: "ro", host, guest: "/m" },
        { kind: "overlay", host, guest: "/w" },
      ],
    });
    try {
      const code = `ls /m /w; for d in /m /w; do cat $d/pipe; echo x > $d/pipe; [ -e $d/socket ] && echo there; done 2>/dev/null; true`;
      assert.equal(await sandbox.shell(code), "/m:\nfile\n\n/w:\nfile\npipe\n".replace("pipe\n", ""));
      execFileSync("mkfifo", [join(host, "swapped")]);
      unlinkSync(join(host, "file"));
      renameSync(join(host, "swapped"), join(host, "file"));
      assert.equal(await sandbox.shell("cat /m/file /w/file 2>/dev/null; echo on"), "on\n");
      assert.equal(connections, 0);
    } finally {
      server.close();
    }
  },
};
