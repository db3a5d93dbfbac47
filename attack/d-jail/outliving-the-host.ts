import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Attack } from "../attack.ts";
import { descendants } from "../processes.ts";

const HOST = fileURLToPath(new URL("short-lived-host.helper.ts", import.meta.url));

const GONE_WITHIN_MS = 5000;

export const attack: Attack = {
  promise: 14,
  must: "A cell that was taken over is gone when its host process is killed, whatever it has closed and blocked.",
  needs: ["kvm"],
  async run({ cacheDirectory }) {
    const host = spawn(process.execPath, ["--no-warnings", HOST, cacheDirectory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = (await once(host.stdout, "data")) as [Buffer];
    const cell = Number(said.toString());
    assert.ok(cell > 0, said.toString());
    assert.ok(readdirSync(`/proc/${cell}/task`).length > 0, "the cell does not live");
    const below = descendants();
    assert.ok(below.includes(cell), "the cell is no descendant");
    host.kill("SIGKILL");
    await once(host, "exit");
    for (const untilMs = performance.now() + GONE_WITHIN_MS; descendants().includes(cell); await sleep(20))
      assert.ok(performance.now() < untilMs, "the cell lives on");
  },
};
