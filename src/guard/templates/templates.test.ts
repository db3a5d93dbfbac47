import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { builtInRules } from "../rule-set.ts";
import { scan } from "../scanner.ts";
import { probeTemplates, readTokens, rulesFor } from "./index.ts";

const JINJA = `{{- bos_token }}{%- for message in messages %}
  {%- if message['role'] == 'system' %}{{ '%%Zork-System%%\\n' + message['content'] + '%%stop%%' }}
  {%- else %}{{ '{~' + message['role'] + '~}' + message.content | trim }}{%- endif %}
{%- endfor %}{# never written: <|note|> #}`;
const GO =
  "{{ if .System }}@@Sys@@ {{ .System }}@@fin@@{{ end }}{{ range .Messages }}@@{{ .Role }}@@ {{ .Content }}{{ end }}";
const CONFIG = {
  added_tokens_decoder: {
    "0": { content: "zork_0", special: true },
    "1": { content: "%%stop%%", special: true },
    "2": { content: "<table>", special: false },
    "3": { content: "the", special: true },
    "4": { content: "~~tool~~", special: false },
  },
  eos_token: { content: "§§end§§" },
  chat_template: [
    { name: "default", template: JINJA },
    { name: "tools", template: "{{ '~~tool~~' + content }}" },
  ],
};

test("the tokens and openers of a deployed model become exact rules, and its file makes another hash", () => {
  const rules = rulesFor([readTokens(JSON.stringify(CONFIG), "tokenizer_config.json")]);
  const decide = (text: string): string => scan(`It says ${text} to you.`, { rules }).decision;
  for (const opener of ["%%Zork-System%%", "{~user", "{~assistant", "{~system", "~~tool~~"])
    assert.notEqual(decide(opener), "admit", opener);
  assert.equal(decide("{~user"), "block");
  for (const token of ["zork_0", "%%stop%%", "§§end§§"]) assert.equal(decide(token), "flag", token);
  for (const other of ["<table>", "the", "user", "message"]) assert.equal(decide(other), "admit", other);
  assert.equal(scan("It says zork_0 to you.").decision, "admit");
  assert.notEqual(rules.hash, builtInRules().hash);
  assert.notEqual(rules.hash, rulesFor([readTokens(JINJA, "x.jinja")]).hash);
});

test("a Go template is read as well, and encodings hide nothing of it", () => {
  const rules = rulesFor([readTokens(GO, "x.tmpl")]);
  for (const opener of ["@@Sys@@", "@@user", "@@assistant"]) {
    assert.notEqual(scan(`\n${opener}`, { rules }).decision, "admit", opener);
    assert.notEqual(scan(encodeURIComponent(`\n${opener}`), { rules }).decision, "admit", opener);
  }
});

test("a heading of plain words is made a rule for the beginnings of lines, and one word is left out and said", () => {
  const template = "{{ 'Frage: ' + content }}{{ 'user\\n' + content }}";
  const read = readTokens(template, "x.jinja");
  const rules = rulesFor([read]);
  assert.equal(scan("Frage: was?", { rules }).decision, "flag");
  assert.equal(scan("Die Frage: was?", { rules }).decision, "admit");
  assert.deepEqual(read.leftOut, ["user"]);
});

test("what is no template or too large is refused", () => {
  for (const text of ["", "[]", "{", '{"a":'])
    assert.throws(() => readTokens(text, "tokenizer_config.json"), { code: "template-malformed" });
  for (const text of ["{{", "{% set x = '", "{#", "{{ '\\", "{".repeat(100_000), "{{'".repeat(50_000)])
    assert.deepEqual(readTokens(text, "x.jinja").tokens, []);
});

test("a collection's tokens and openers are looked at, one that is admitted is told", () => {
  const folder = mkdtempSync(join(tmpdir(), "ztl-templates-"));
  try {
    writeFileSync(join(folder, "a.jinja"), "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}");
    const rows = [
      { format: "seen", system: "", turn: "<|user|>\n{{QUERY}}<|end|>", separator: "</s>" },
      { format: "unseen", system: "", turn: "(~zork~) {{QUERY}}", separator: "" },
      { format: "plain", system: "", turn: "Bob: {{QUERY}} Alice:", separator: "" },
    ];
    writeFileSync(join(folder, "b.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    const probes = probeTemplates([folder]);
    const admitted = probes.filter(({ decision }) => decision === "admit");
    assert.deepEqual(
      admitted.map(({ text, isPlain }) => [text, isPlain]),
      [
        ["(~zork~)", false],
        ["Bob:", true],
        ["Alice:", true],
      ],
    );
    assert.equal(probes.find(({ text }) => text === "<|im_start|>user")?.decision, "block");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
