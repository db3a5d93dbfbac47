import assert from "node:assert/strict";
import { chmodSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ledger } from "../../src/ledger/index.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 41,
  must: "A content that an entry names and somebody changed or shortened on disk is found, and is never handed out.",
  quick: true,
  async run(stage) {
    const directory = join(stage.newDirectory(), "ledger");
    const ledger = await Ledger.open({ directory });
    try {
      const text = "what the tool really wrote ".repeat(1000);
      const content = await ledger.keep(Buffer.from(text));
      await ledger.append({ kind: "note", body: { text: "n", contents: [content] }, runId: "r", agent: "a" });
      const path = globSync("**/*", { cwd: directory })
        .map((name) => join(directory, name))
        .find((name) => name.replaceAll("/", "").includes(content.sha256));
      assert.ok(path !== undefined, "the content's file");
      const whole = readFileSync(path);
      const others = [
        whole.subarray(1),
        Buffer.concat([whole, whole]),
        Buffer.from(text.replace("really", "never ")),
        Buffer.alloc(0),
      ];
      for (const bytes of others) {
        chmodSync(path, 0o600);
        writeFileSync(path, bytes);
        await assert.rejects(ledger.content(content), `${bytes.length} bytes`);
        assert.ok(!(await ledger.verify()).ok, `${bytes.length} bytes`);
      }
    } finally {
      await ledger.close();
    }
  },
};
