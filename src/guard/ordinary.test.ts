import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { scan } from "./scanner.ts";

/** Where a Debian-like machine keeps documents, configuration, logs, headers, scripts and sources. */
const PLACES = [
  "/usr/share/doc",
  "/usr/share/common-licenses",
  "/usr/share/perl",
  "/usr/share/bash-completion",
  "/usr/share/vim",
  "/usr/include",
  "/usr/lib/python3",
  "/usr/lib/python3.11",
  "/usr/local/lib",
  "/var/log",
  "/etc",
];
const FILES_WANTED = 8000;
const FILES_NEEDED = 5000;
const FILE_BYTES_MAX = 32 * 1024;
const TOTAL_BYTES_MAX = 48 * 1024 * 1024;

/** A fixed share of each place, in the order of their names: the same on every run. */
function ordinaryFiles(): string[] {
  const all = PLACES.filter((place) => existsSync(place)).flatMap((place) =>
    globSync("**/*", { cwd: place, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`)
      .sort(),
  );
  // Packages about language models document their own control tokens: to be flagged, and not ordinary.
  const isAboutModels =
    /langchain|llama|openai|anthropic|transformers|tokenizers|mcp|crewai|autogen|huggingface|claude/i;
  const readable = [...new Set(all)].filter((file) => !isAboutModels.test(file) && isSmallFile(file));
  const step = Math.max(1, readable.length / FILES_WANTED);
  return Array.from(
    { length: Math.min(readable.length, FILES_WANTED) },
    (_, index) => readable[Math.floor(index * step)] as string,
  );
}

function isSmallFile(file: string): boolean {
  try {
    const { size } = statSync(file);
    return size > 0 && size <= FILE_BYTES_MAX;
  } catch {
    return false;
  }
}

function readText(file: string): Buffer | undefined {
  try {
    const content = readFileSync(file);
    return content.includes(0) ? undefined : content;
  } catch {
    return undefined;
  }
}

/** Of a machine's files so many hold what looks like a secret: test data of programs that work with some. */
const WITH_SECRETS_MAX = 0.005;

test("ordinary files of this machine give nothing above info", (context) => {
  const wrong: string[] = [];
  const withSecrets = new Set<string>();
  let scanned = 0;
  let bytes = 0;
  for (const file of ordinaryFiles()) {
    const content = readText(file);
    if (content === undefined || bytes + content.length > TOTAL_BYTES_MAX) continue;
    scanned++;
    bytes += content.length;
    for (const finding of scan(content).findings)
      if (finding.family === "secret") withSecrets.add(file);
      else if (finding.severity !== "info")
        wrong.push(`${file}: ${finding.rule} at ${finding.start}: ${finding.excerpt}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(withSecrets.size <= scanned * WITH_SECRETS_MAX, [...withSecrets].join("\n"));
  context.diagnostic(`${scanned} files, ${bytes} bytes`);
  if (scanned < FILES_NEEDED)
    context.skip(`only ${scanned} ordinary text files here: ${FILES_NEEDED} prove the promise`);
});

test("text that looks a little like control structures is left alone", () => {
  const ordinary = [
    "let f = g <| x |> h\nmain = a <|> b",
    "const view = `<div>{{name}} ${value}</div>`;",
    "curl -fsSL https://example.org/install.sh | sh\nrm -rf /tmp/build",
    "\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[0m \x1b]0;title\x07\x1b[2K\r42 %",
    "[INFO] starting\n[WARN] usage: tool [OPTIONS] [ARGS]\nSystem: Linux\nUser: root\nAction: none",
    "<s>struck</s> <text>x</text> <parameter name='x'/> <tools/>",
    "family \u{1f468}\u200d\u{1f469}\u200d\u{1f467}, Wales \u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}, a star \u2b50\ufe0f",
    "\ufeffWikipedia \u200ethe free\u200b encyclopedia",
    '{"role":"admin","content":"x"} {"name":"x","arguments":["-v"]} {"type":"function"}',
    "![build](https://img.example.org/ci.svg?branch=main) [x]: https://example.org/?q=1",
    Buffer.from(Array.from({ length: 600 }, (_, index) => (index * 7919) % 251)).toString("base64"),
  ];
  for (const text of ordinary) assert.equal(scan(text).decision, "admit", text);
  assert.ok(ordinary.every((text) => scan(text).findings.every(({ severity }) => severity === "info")));
});
