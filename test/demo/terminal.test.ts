import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as rest } from "node:timers/promises";
import type { ReviewSummary } from "../../src/loop/index.ts";
import { kvmMissing } from "../kvm.ts";
import { demoProgram } from "./program.ts";

/** How long anything here may take on a busy machine. */
const PATIENCE_MS = 60_000;

function scriptMissing(): string | false {
  const { stdout = "" } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return stdout.includes("util-linux")
    ? false
    : "SKIPPED, NOTHING IS VERIFIED: no script(1) of util-linux on this host";
}

/** The demo on a pseudo-terminal of its own. */
class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  shown = "";

  constructor(temporary: string) {
    const quoted = [process.execPath, ...demoProgram(["--fast"])].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const args = ["--quiet", "--return", "--flush", "--command", quoted.join(" "), "/dev/null"];
    this.#child = spawn("script", args, { env: { ...process.env, TMPDIR: temporary, SHELL: "/bin/sh" } });
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.shown += chunk.toString("utf8");
    });
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** The first group of a pattern, once it is there. */
  async see(pattern: RegExp): Promise<string> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = pattern.exec(this.shown);
      if (found !== null) return found[1] ?? "";
      assert.ok(Date.now() < until && this.#child.exitCode === null, `not seen: ${pattern} in ${this.shown}`);
      await rest(50);
    }
  }

  async end(): Promise<number> {
    if (this.#child.exitCode === null) await once(this.#child, "exit", { signal: AbortSignal.timeout(PATIENCE_MS) });
    return this.#child.exitCode as number;
  }
}

describe("the demo on a terminal", { skip: kvmMissing() || scriptMissing() }, () => {
  let temporary: string;
  before(() => {
    temporary = mkdtempSync(join(tmpdir(), "ztl-demo-test-"));
  });
  after(() => rmSync(temporary, { recursive: true }));

  test("waits until a person decided in the page and pressed Enter; the rest is rejected", async () => {
    const terminal = new Terminal(temporary);
    const url = new URL(await terminal.see(/(http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+)/));
    const headers = {
      authorization: `Bearer ${url.searchParams.get("token")}`,
      "content-type": "application/json",
    };
    const list = await fetch(new URL("/api/reviews", url), { headers });
    const { reviews } = (await list.json()) as { reviews: readonly ReviewSummary[] };
    const wanted = reviews.find(({ kind }) => kind === "change-set") ?? assert.fail("nothing to approve");
    const files = ["/project/prices.csv", "/project/report.md"];
    const body = JSON.stringify({ hash: wanted.hash, reviewer: "reader", files });
    const answer = await fetch(new URL(`/api/reviews/${wanted.id}/approve`, url), { method: "POST", headers, body });
    assert.equal(answer.status, 200);
    assert.doesNotMatch(terminal.shown, /approved and written/, "it goes on without being told to");
    terminal.type("\r");
    assert.equal(await terminal.end(), 0, terminal.shown);
    assert.match(terminal.shown, /approved and written: change prices\.csv, report\.md/);
    assert.match(terminal.shown, /rejected: change \.git\/hooks\/post-checkout \(protected/);
    assert.deepEqual(readdirSync(temporary), []);
  });

  test("ends with Ctrl-C and leaves nothing behind", async () => {
    const terminal = new Terminal(temporary);
    await terminal.see(/press Enter/);
    terminal.type("\x03");
    assert.equal(await terminal.end(), 130, terminal.shown);
    assert.match(terminal.shown, /Stopped\./);
    assert.deepEqual(readdirSync(temporary), []);
  });

  test("ends with Ctrl-C in the middle of a conversation, too", async () => {
    const terminal = new Terminal(temporary);
    await terminal.see(/(2\. Through the loop)/);
    terminal.type("\x03");
    assert.equal(await terminal.end(), 130, terminal.shown);
    assert.deepEqual(readdirSync(temporary), []);
  });
});
