import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** The rules of ARCHITECTURE.md as code: each room knows the rooms below it, and nothing above. */

const root = fileURLToPath(new URL("..", import.meta.url));

/** Room -> the rooms it may import from. A file directly in src/ belongs to the room "src"; examples/ is a room, too. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: ["src"],
  vmm: ["src", "base"],
  linux: ["src", "base", "vmm"],
  guard: ["src", "base"],
  ledger: ["src", "base"],
  policy: ["src", "base", "egress"],
  workspace: ["src", "base"],
  model: ["src", "base"],
  proxy: ["src", "base", "guard", "entropy"],
  memory: ["src", "base", "guard"],
  provenance: ["src", "base", "guard"],
  entropy: ["src", "base"],
  egress: ["src", "base"],
  sandbox: ["src", "base", "vmm", "linux", "egress"],
  loop: [
    "src",
    "base",
    "egress",
    "sandbox",
    "guard",
    "ledger",
    "policy",
    "workspace",
    "memory",
    "model",
    "provenance",
    "entropy",
  ],
  adapters: ["src", "base", "loop", "memory"],
  server: ["src", "base", "loop"],
  examples: ["src", "base", "loop", "server", "memory", "model"],
  cli: ["src", "base", "egress", "guard", "entropy", "proxy", "sandbox", "policy", "loop", "server", "examples"],
  src: ["src", "base", "linux", "egress", "sandbox", "loop"],
};
/** What each room may have from outside the package, besides Node's own modules. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "base/text": ["get-east-asian-width"],
  "base/host": ["koffi"],
  "vmm/host": ["koffi"],
  egress: ["zod"],
  sandbox: ["zod"],
  ledger: ["zod"],
  policy: ["zod"],
  workspace: ["zod", "diff"],
  model: ["zod"],
  memory: ["sqlite-vec"],
  adapters: [
    ...["@langchain/core/vectorstores", "@langchain/core/documents", "@langchain/core/embeddings"],
    ...["@langchain/core/tools", "@langchain/langgraph", "ai"],
  ],
  loop: ["zod"],
  server: ["zod", "hono", "hono/html", "hono/streaming", "hono/body-limit", "hono/utils/html", "@hono/node-server"],
  examples: [],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** As the rules name them: those of src/ without it. */
const inRoom = (path: string): string => path.replace(/^src\//, "");

function sourceFiles(): string[] {
  return globSync("{src,examples}/**/*.ts", { cwd: root });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const specifiers = [
    ...text.matchAll(
      /^\s*(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|^import\s+"([^"]+)"/gm,
    ),
  ];
  return specifiers.map((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3]) as string;
    const to = specifier.startsWith(".") ? inRoom(join(dirname(file), specifier)) : specifier;
    return { from: inRoom(file), to, typeOnly: isTypeOnly(match[0]) };
  });
}

/** `import type …`, or a list in which every name is marked `type`: gone when types are stripped (verbatimModuleSyntax). */
function isTypeOnly(statement: string): boolean {
  return /^\s*(import|export)\s+type\b/.test(statement);
}

function roomOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] as string) : "src";
}

const isTest = (file: string): boolean => /\.test\.ts$|(^|\/)testing(\.ts$|\/)/.test(file);
const isOutside = (target: string): boolean => !target.endsWith(".ts");
const all = sourceFiles().flatMap(importsOf);
const inProduct = all.filter(({ from }) => !isTest(from));

test("the checker sees imports at all", () => {
  assert.ok(inProduct.some(({ from, to }) => from === "sandbox/index.ts" && to === "sandbox/sandbox.ts"));
  assert.ok(inProduct.some(({ to }) => to === "koffi"));
});

test("every room imports only from the rooms below it", () => {
  const wrong = inProduct.filter(({ from, to }) => {
    if (isOutside(to) || roomOf(from) === roomOf(to)) return false;
    return !(ALLOWED[roomOf(from)] ?? []).includes(roomOf(to));
  });
  assert.deepEqual(wrong, []);
});

test("the foundation (src/errors.ts) depends on nothing", () => {
  assert.deepEqual(
    inProduct.filter(({ from }) => from === "errors.ts"),
    [],
  );
});

test("another package is imported only where it belongs: koffi in the two rooms host alone", () => {
  const wrong = inProduct.filter(({ from, to }) => {
    if (!isOutside(to) || to.startsWith("node:")) return false;
    return !Object.entries(PACKAGES).some(([place, names]) => from.startsWith(`${place}/`) && names.includes(to));
  });
  assert.deepEqual(wrong, []);
});

test("tests and helpers for tests are not imported by the product", () => {
  assert.deepEqual(
    inProduct.filter(({ to }) => isTest(to)),
    [],
  );
});

/** Modules that import each other at run time, as groups; types may refer to each other freely. */
function cycles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const queue = [...(targets.get(start) ?? [])];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      queue.push(...(targets.get(file) ?? []));
    }
    return seen;
  };
  const reached = new Map([...targets.keys()].map((file) => [file, reach(file)]));
  const groups = [...reached]
    .filter(([file, seen]) => seen.has(file))
    .map(([file, seen]) => [...seen].filter((other) => reached.get(other)?.has(file)).sort());
  return [...new Map(groups.map((group) => [group.join(), group])).values()];
}

test("no module needs itself at run time", () => {
  assert.deepEqual(cycles(inProduct.filter(({ typeOnly }) => !typeOnly)), []);
});
