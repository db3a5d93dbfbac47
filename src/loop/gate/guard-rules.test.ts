import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { builtInRules, scan } from "../../guard/index.ts";
import { guardRules } from "./guard-rules.ts";

test("files of rules and templates are read to their bounds and not beyond", () => {
  assert.throws(() => guardRules({ rules: "/dev/zero" }), { code: "json-too-large" });
  assert.throws(() => guardRules({ templates: ["/dev/zero"] }), { code: "template-malformed" });
});

test("files that are not there are named", () => {
  assert.throws(() => guardRules({ rules: "/absent/rules.json" }), {
    code: "rules-missing",
    message: /\/absent\/rules/,
  });
  assert.throws(() => guardRules({ templates: ["/absent/x.jinja"] }), {
    code: "template-missing",
    message: /\/absent\/x/,
  });
});

test("both kinds of files add to the built-in rules, and more than there is room for is refused with a way out", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "ztl-guard-rules-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = (name: string, content: object): string => {
    const path = join(directory, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const rules = (texts: readonly string[]): object => {
    const words = { meaning: "Ours.", reason: "names a project" };
    return { rules: [{ id: "own.name", severity: "medium", ...words, texts }] };
  };
  const tokens = (count: number): object => {
    const each = Array.from({ length: count }, (_, index) => [`${index}`, `${index}~:zork`.padEnd(100, "~")] as const);
    return { added_tokens_decoder: Object.fromEntries(each.map(([id, content]) => [id, { content, special: true }])) };
  };
  assert.equal(guardRules(), builtInRules());
  const both = guardRules({
    rules: file("few.json", rules(["Blue Heron"])),
    templates: [file("tokenizer.json", tokens(2))],
  });
  for (const text of ["about Blue Heron", `about ${"1~:zork".padEnd(100, "~")}`])
    assert.equal(scan(text, { rules: both }).decision, "flag", text);
  for (const files of [
    { rules: file("tails.json", rules(Array.from({ length: 33 }, (_, index) => "abc".padStart(index + 3, "x")))) },
    { templates: [file("tokenizer_config.json", tokens(200))] },
  ])
    assert.throws(
      () => guardRules(files),
      (error: { code?: string; details?: { remedy?: string } }) => {
        assert.equal(error.code, "rules-too-many");
        return /guard\.rules.*guard\.templates/.test(error.details?.remedy ?? "");
      },
    );
});
