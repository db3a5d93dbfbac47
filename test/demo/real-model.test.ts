import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { startScriptedModel } from "../../examples/demo/scripted-model/scripted-model.ts";
import { answers, calls, sends, WireServer } from "../../src/model/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { DECISIONS, decisionsOf, demoProgram } from "./program.ts";

/** A model that nothing is known of: the story may differ, the claims that must always hold have to. */

async function showWith(url: string) {
  const own = mkdtempSync(join(tmpdir(), "ztl-demo-test-"));
  try {
    const child = spawn(process.execPath, demoProgram(["--json", "--model", url]), {
      env: { ...process.env, TMPDIR: own },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { status: status as number, stdout, stderr, left: readdirSync(own) };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

describe("the demo with a model of the reader's", { skip: kvmMissing() }, () => {
  test("that is as gullible as ours: contained, and nothing is left behind", async () => {
    const server = await startScriptedModel();
    try {
      const { status, stdout, stderr, left } = await showWith(server.url);
      const summary = JSON.parse(stdout) as {
        scripted: boolean;
        reviews: readonly { readonly tool: string; readonly state: string }[];
        claims: readonly object[];
      };
      assert.deepEqual(
        { status, stderr, left, scripted: summary.scripted },
        { status: 0, stderr: "", left: [], scripted: false },
      );
      assert.deepEqual(decisionsOf(summary.reviews), DECISIONS);
    } finally {
      await server.close();
    }
  });

  test("that writes calls nobody can make, and then nothing but words", async () => {
    const server = await WireServer.start();
    const nonsense = [
      ["no_such_tool", "{}"],
      ["shell", "{not json"],
      ["shell", '{"code":1}'],
      ["python", "[]"],
      ["read_pdf", '{"file":"-"}'],
      ["remember", "{}"],
      ["send_mail", '{"to":"a\\ud800"}'],
      ["recall", "{}"],
    ] as const;
    server.reply = (response, request) => {
      const isFirst = (request.body.messages as readonly { role: string }[]).every(({ role }) => role !== "tool");
      answers(isFirst ? calls(...nonsense) : { content: "I am lost." })(response, request);
    };
    try {
      const { status, stderr, left } = await showWith(server.url);
      assert.deepEqual({ status, stderr, left }, { status: 0, stderr: "", left: [] });
    } finally {
      await server.stop();
    }
  });

  test("that does not answer ends with its error, and leaves nothing behind either", async () => {
    const server = await WireServer.start();
    server.reply = sends("busy", 503);
    try {
      const { status, stderr, left } = await showWith(server.url);
      assert.notEqual(status, 0);
      assert.match(stderr, /model-refused/);
      assert.deepEqual(left, []);
    } finally {
      await server.stop();
    }
  });
});
