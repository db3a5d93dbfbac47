import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256Hex } from "../../base/sha256.ts";
import { Workspace } from "../index.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
import { temporaryDirectory } from "../testing/world.ts";

/** Processes that are killed; ZTL_KILLS=200 for a long run. */
const KILLS = Number(process.env.ZTL_KILLS ?? 6);
/** More than is written in one transaction. */
const FILES = 1500;

const workspaceModule = new URL("../index.ts", import.meta.url).href;
/** Changes all files in one call, and again, for ever; says the number of each version that it was told is taken. */
const COMMITTER = `
import { writeSync } from "node:fs";
const { Workspace } = await import(${JSON.stringify(workspaceModule)});
const [directory, host, from] = process.argv.slice(1);
const workspace = await Workspace.open({ directory });
for (let version = Number(from); ; version++) {
  const content = Buffer.from("version " + version);
  const view = await workspace.spaces.view("owner", "agent");
  const changes = Array.from({ length: ${FILES} }, (_, file) => ({
    path: "${GUEST_ROOT}/f" + file, kind: view.entries.size === 0 ? "add" : "modify", fileType: "file", mode: 0o644, content }));
  await workspace.spaces.commit(view, { runId: "run-" + version, agent: "agent", tool: "shell", command: "…", labels: [], changes,
    roots: [{ hostRoot: host, guestRoot: "${GUEST_ROOT}" }] });
  writeSync(1, version + "\\n");
}`;

test("of a call whose process is killed while its changes are laid down, all are there or none", async (t) => {
  const place = temporaryDirectory(t);
  const [directory, host] = [join(place, "state"), join(place, "host")];
  fs.mkdirSync(host);
  let next = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const program = ["--input-type=module", "-e", COMMITTER, directory, host, String(next)];
    const child = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    child.stdout.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
    const ended = once(child, "close");
    const first = performance.now();
    while (!told.includes("\n") && child.exitCode === null) await sleep(5);
    const roundMs = performance.now() - first;
    await sleep((roundMs * (kill + 0.5)) / KILLS / 2);
    assert.equal(child.exitCode, null, "it ended by itself");
    child.kill("SIGKILL");
    await ended;
    const last = Number(told.trimEnd().split("\n").at(-1));

    const workspace = await Workspace.open({ directory });
    const { entries } = await workspace.spaces.view("owner", "agent");
    const contents = new Set(
      [...entries.values()].map(({ after }) => (after.type === "file" ? after.sha256 : after.type)),
    );
    assert.equal(entries.size, FILES);
    assert.equal(contents.size, 1, "the files of one call, and of no other");
    const versions = [last, last + 1].map((version) => sha256Hex(Buffer.from(`version ${version}`)));
    const found = versions.indexOf([...contents][0] ?? "");
    assert.ok(found >= 0, "what was told to be taken is there");
    const [review] = workspace.pending.list(1);
    assert.equal(review?.entryCount, FILES);
    assert.equal((await workspace.pending.get(review?.id ?? ""))?.entries.length, FILES);
    await workspace.close();
    next = last + found + 1;
  }
});
