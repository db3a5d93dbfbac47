import assert from "node:assert/strict";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { startServer } from "../../src/server/index.ts";
import type { Attack } from "../attack.ts";

/** False when nobody answers there. */
function isReachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

export const attack: Attack = {
  promise: 44,
  must: "The page listens on this machine's own address alone, and does not start on another, or with a token that is short.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop();
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "", "127.0.0.2"])
      await assert.rejects(startServer(loop, { host }), JSON.stringify(host));
    await assert.rejects(startServer(loop, { token: "short" }));
    await using server = await startServer(loop);
    assert.ok(await isReachable("127.0.0.1", server.port));
    // Addresses of this very machine; nothing is sent to any other.
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address, internal } of others) {
      if (!internal) assert.ok(!(await isReachable(address, server.port)), address);
    }
  },
};
