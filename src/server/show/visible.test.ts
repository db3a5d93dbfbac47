import assert from "node:assert/strict";
import { test } from "node:test";
import { html } from "hono/html";
import { foreign, visible, visibleCode, visibleText } from "./visible.ts";

const shown = (text: string): string => String(html`${visible(text)}`);

test("ordinary text of any script stays as it is", () => {
  for (const text of ["plain text", "größer, naïve, 日本語, العربية, עברית, हिन्दी, 😀", "a-b_c.d/e (1)"]) {
    assert.equal(visibleText(text), text);
    assert.equal(shown(text), text);
  }
});

test("markup is escaped, in values that stand in attributes too", () => {
  const text = `<script>alert("1")</script>'&`;
  assert.equal(shown(text), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;");
  assert.equal(String(html`<a title="${text}">`).includes("<script>"), false);
});

test("each kind of character that does not show is spelled out", () => {
  const hidden = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\u00ad",
    "\u0000",
    "\u001b",
    "\u007f",
    "\u0085",
    "\u2028",
    "\u00a0",
    "\u3000",
  ];
  for (const character of [
    ...hidden,
    "\ufeff",
    "\ufe0f",
    "\u{e0041}",
    "\ue000",
    "\u2800",
    "\u115f",
    "\u034f",
    "\ufff9",
    "\ud800",
  ]) {
    const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
    assert.equal(visibleText(`a${character}b`), `a⟦U+${code}⟧b`);
    const markup = shown(`a${character}b`);
    assert.match(markup, new RegExp(`⟦U\\+${code}⟧`));
    assert.equal(markup.includes(character), false, code);
  }
  assert.match(shown("\u202e"), /title="right-to-left override"/);
});

test("line ends show in a name; tabs stay in code alone", () => {
  assert.equal(visibleText("a\nb\tc"), "a⟦U+000A⟧b⟦U+0009⟧c");
  assert.equal(
    String(html`${visibleCode("a\tb\r")}`),
    'a\tb<i class="hidden-char" title="carriage return">⟦U+000D⟧</i>',
  );
});

test("a million of them cost a number", () => {
  const markup = shown("\u200b".repeat(1_000_000));
  assert.match(markup, /⟦U\+200B ×1000000⟧/);
  assert.ok(markup.length < 200);
});

test("of a long name the middle is left out, and how much is told", () => {
  const name = `${"a".repeat(3000)}MIDDLE${"b".repeat(1000)}.txt`;
  const markup = String(foreign(name, 100));
  assert.ok(markup.length < 300);
  assert.match(markup, /⟦3,910 more characters⟧/);
  assert.match(markup, /^<bdi class="foreign">aaa.*bbb\.txt<\/bdi>$/);
});
