import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openTestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

const VALUES = {
  SERVICE_TOKEN: "plain-words-that-no-rule-knows",
  DB_PASSWORD: "päss wörd",
  LICENCE: "Zx81Qq04Kk77Mm19Tt52",
  GREETING: "good morning",
};

/** Every byte of every file: databases, their logs, contents. */
function placesOf(directory: string, value: string): string[] {
  const needles = [value, JSON.stringify(value).slice(1, -1), Buffer.from(value).toString("base64").replace(/=+$/, "")];
  return globSync("**/*", { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => needles.some((needle) => readFileSync(path).includes(needle)));
}

test("no secret of a tool's environment is in any file of the state, and its runs can be repeated", {
  skip: kvmMissing(),
}, async (t) => {
  const opened = await openTestLoop((config) => ({
    ...config,
    tools: {
      ...config.tools,
      shell: { template: "shell", env: VALUES },
      deploy: { template: "shell", env: VALUES, ask: "always" },
    },
  }));
  t.after(() => opened[Symbol.asyncDispose]());
  const { loop } = opened;
  const conversation = talk(loop, "writer");
  const result = await conversation.call({
    tool: "shell",
    input: { code: 'echo "$SERVICE_TOKEN"; echo "$DB_PASSWORD" >&2; echo "$LICENCE, $GREETING"' },
  });
  assert.ok(result.status === "ok", result.status);
  assert.match(result.forModel.text, /\[value of SERVICE_TOKEN\]/);
  assert.match(result.forModel.text, /\[value of LICENCE\], good morning/, "what is no secret is left");
  const waiting = await conversation.call({ tool: "deploy", input: { code: "true" } });
  assert.equal(waiting.status, "waiting");
  assert.equal((await loop.records.replay(result.runId)).status, "same");
  const { GREETING: _, ...secrets } = VALUES;
  for (const [name, value] of Object.entries(secrets))
    assert.deepEqual(placesOf(join(opened.directory, "state"), value), [], name);
  await loop.close();
  for (const [name, value] of Object.entries(secrets))
    assert.deepEqual(placesOf(join(opened.directory, "state"), value), [], name);
});
