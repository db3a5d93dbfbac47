import assert from "node:assert/strict";
import { changedFile, summary } from "../../src/server/testing.ts";
import type { Attack } from "../attack.ts";
import { withPage } from "./page.helper.ts";

const NAMES = [
  "<script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  "javascript:alert(1)",
  "</textarea></pre><svg onload=alert(1)>",
  "\u202egnp.exe",
  "a\u200bb\u0000c\u001b]0;title\u0007",
  "\ud800 lone",
  "{{7*7}}${alert(1)}",
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tried
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

export const attack: Attack = {
  promise: 44,
  must: "Names and texts that an agent chose are text on the page: no tag, no attribute, no address, nothing that hides.",
  quick: true,
  async run() {
    await withPage(async (server) => {
      for (const [index, name] of NAMES.entries()) {
        const file = changedFile(name, {
          hostPath: name,
          symlinkTarget: name,
          flags: [name],
          change: "rename",
          renamedFrom: name,
        });
        server.desk.addFile(file);
        const common = { agent: name, tool: name, command: name, title: name };
        const id = `s${index}`;
        server.desk.add({
          ...summary(id),
          ...common,
          kind: "change-set",
          files: [file],
          conflicts: [{ path: name, reason: name }],
        });
        for (const path of [`/reviews/${id}`, `/reviews/${id}/files/0`, "/reviews"]) {
          const page = await (await server.request(path)).text();
          const tags = page.match(/<[a-z!/](?:[^>"]|"[^"]*")*>/gi) ?? [];
          const bare = tags.map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
          // The page's one picture is its own; where it comes from is looked at below.
          const strange = bare.filter((tag) => / (on\w+|srcdoc|style)=|<(svg|iframe|object|embed|base)\b/i.test(tag));
          assert.deepEqual(strange, [], `${JSON.stringify(name)} at ${path}`);
          assert.equal(tags.filter((tag) => /^<script/i.test(tag)).length, 1, `${JSON.stringify(name)} at ${path}`);
          for (const [, address] of page.matchAll(/ (?:href|src|action)="([^"]*)"/g))
            assert.match(address ?? "", /^(\/(?![/\\])|#)/);
          assert.doesNotMatch(page, HIDDEN, `${JSON.stringify(name)} at ${path}`);
        }
      }
    });
  },
};
