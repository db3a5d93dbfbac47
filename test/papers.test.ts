import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { COMMANDS, HELP } from "../src/cli/help.ts";

/** What the papers list is what there is. */

const root = fileURLToPath(new URL("..", import.meta.url));
const paper = (name: string): string => readFileSync(join(root, name), "utf8");

/** Commands that explain the others. */
const OBVIOUS: ReadonlySet<string> = new Set(["version", "help"]);

function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
}

test("README's table and the help name every command, and no other", () => {
  const [, table = ""] = /^\| command \| \|\n\|---\|---\|\n((?:\|.*\n)+)/m.exec(paper("README.md")) ?? [];
  const named = table.split("\n").flatMap((row) => codeIn(row.split("|")[1] ?? ""));
  const words = named.map((code) => code.replace(/^ztl /, "").split(" ")[0] as string);
  const commands = COMMANDS.filter((command) => !OBVIOUS.has(command));
  assert.deepEqual(
    commands.filter((command) => !words.includes(command)),
    [],
    "commands that the table lacks",
  );
  const inHelp = (word: string): boolean => new RegExp(`^ {2}ztl [^\\n]*\\b${word}\\b`, "m").test(HELP);
  assert.deepEqual(
    [...commands, ...words].filter((word) => !inHelp(word)),
    [],
    "words that the help lacks",
  );
  const begun = named.flatMap((code) => (code.startsWith("ztl ") ? [code.split(" ")[1] as string] : []));
  assert.deepEqual(
    begun.filter((word) => !commands.some((command) => command === word)),
    [],
    "commands there are not",
  );
});

test("CONTRIBUTING.md names every script that is for contributors", () => {
  const { scripts } = JSON.parse(paper("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  const text = paper("CONTRIBUTING.md");
  const own = Object.keys(scripts).filter((name) => /^(test|bench|attack|fuzz|soak|lint|typecheck)/.test(name));
  assert.ok(own.length > 12);
  assert.deepEqual(
    own.filter((name) => !new RegExp(`(?<![\\w:-])${name}(?![\\w:-])`).test(text)),
    [],
  );
});

test("what SPECIFICATION.md names as proof is there, and each number is one promise's", () => {
  const rows = paper("SPECIFICATION.md")
    .split("\n")
    .filter((line) => /^\| \d/.test(line));
  const cells = rows.map((row) => row.split(/(?<!\\)\|/).slice(1, -1));
  assert.ok(rows.length > 70);
  for (const row of cells) assert.equal(row.length, 4, row.join("|"));
  const numbers = cells.map(([number = ""]) => number.trim());
  assert.equal(new Set(numbers).size, numbers.length, numbers.join());
  for (const [number, , , proof = ""] of cells) {
    assert.match(proof, /\w/, `${number}has a proof`);
    const paths = codeIn(proof).filter((code) => /^(src|test|attack|bench|examples)\//.test(code));
    for (const path of paths) assert.ok(existsSync(join(root, path)), `${number}names ${path}`);
  }
});
