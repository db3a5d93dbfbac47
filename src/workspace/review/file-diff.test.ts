import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { makeWorld, proposalOf, temporaryDirectory } from "../testing/world.ts";
import { type DiffHunk, diffTexts } from "./file-diff.ts";

const diff = (a: string, b: string, options = {}) => diffTexts(Buffer.from(a), Buffer.from(b), options);

/** As `diff -u` prints hunks. */
function format(hunks: readonly DiffHunk[]): string {
  const range = (start: number, lines: number): string => (lines === 1 ? `${start}` : `${start},${lines}`);
  const marks = { same: " ", add: "+", remove: "-" };
  return hunks
    .map(({ oldStart, oldLines, newStart, newLines, lines }) => {
      const head = `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@\n`;
      const end = "\\ No newline at end of file\n";
      return head + lines.map(({ kind, text, noLineEnd }) => `${marks[kind]}${text}\n${noLineEnd ? end : ""}`).join("");
    })
    .join("");
}

const noPatch = spawnSync("patch", ["--version"]).error !== undefined && "SKIPPED: no patch(1) here";

test("patch(1) makes the new text of the old one and the hunks", { skip: noPatch }, (t) => {
  const place = temporaryDirectory(t);
  const text = fc
    .array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "d", "\r\n", "ü\u2028\n"), { maxLength: 30 })
    .map((l) => l.join(""));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const found = diff(a, b);
      assert.ok(found);
      assert.equal(found.hunks.length === 0, a === b);
      if (a === b) return;
      const file = join(place, "file");
      fs.writeFileSync(file, a);
      execFileSync("patch", ["--binary", "-s", file], { input: `--- a\n+++ b\n${format(found.hunks)}` });
      assert.equal(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "", b);
    }),
    { numRuns: 60 },
  );
});

test("each line says where it begins in the new content", () => {
  const now = Buffer.from("ü\nb\nnew\nc\n");
  const found = diffTexts(Buffer.from("ü\nb\nold\nc\n"), now, {});
  for (const { kind, text, newOffset } of found?.hunks[0]?.lines ?? []) {
    if (kind === "remove") assert.equal(newOffset, undefined);
    else assert.equal(now.subarray(newOffset, (newOffset ?? 0) + Buffer.byteLength(text)).toString(), text);
  }
});

test("10,000 lines with scattered changes are compared, counted whole and shown in part", () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i}`);
  const changed = lines.map((line, i) => (i % 50 === 7 ? `${line} changed` : line));
  const found = diff(lines.join("\n"), changed.join("\n"), { linesMax: 100 });
  assert.equal(found?.added, 200);
  assert.equal(found?.removed, 200);
  assert.equal(found?.truncated, true);
  assert.equal(
    found?.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0),
    100,
  );
  const added = diff("", lines.join("\n"));
  assert.equal(added?.added, 10_000);
});

test("hostile pairs are given up on, not computed for ever", () => {
  const one = Array.from({ length: 90_000 }, (_, i) => `${i}`).join("\n");
  const two = Array.from({ length: 90_000 }, (_, i) => `${(i * 7919) % 90_001}`).join("\n");
  const start = performance.now();
  assert.equal(diff(one, two), undefined);
  assert.ok(performance.now() - start < 20_000, "bounded, with room for a slow machine");
  assert.equal(diff("\n".repeat(200_000), "x"), undefined);
});

test("an entry's diff says which kind it is", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  fs.writeFileSync(join(world.host, "text"), "old\n");
  fs.writeFileSync(join(world.host, "mode"), "x");
  const { id } = await workspace.propose(
    proposalOf(world, (d) => {
      fs.writeFileSync(join(d, "text"), "new\n");
      fs.chmodSync(join(d, "mode"), 0o600);
      fs.writeFileSync(join(d, "binary"), Buffer.from([1, 0, 2]));
      fs.writeFileSync(join(d, "large"), "x".repeat(5_000_000));
      fs.symlinkSync("x", join(d, "link"));
      fs.mkdirSync(join(d, "directory"));
    }),
  );
  const kinds: Record<string, string> = {};
  for (const name of ["text", "mode", "binary", "large", "link", "directory"]) {
    kinds[name] = (await workspace.diff(id, `/project/${name}`)).kind;
  }
  const expected = { text: "text", mode: "none", binary: "binary", large: "large", link: "none", directory: "none" };
  assert.deepEqual(kinds, expected);
  assert.equal(Buffer.from((await workspace.content(id, "/project/text", "base")) ?? []).toString(), "old\n");
  assert.equal(Buffer.from((await workspace.content(id, "/project/text", "new")) ?? []).toString(), "new\n");
  assert.equal(await workspace.content(id, "/project/binary", "base"), undefined);
});
