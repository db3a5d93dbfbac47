import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { sha256Hex } from "../src/base/sha256.ts";

/**
 * Ordinary files on which the guard's calm is measured: those of this machine's packages and of `node_modules`. The list depends
 * on nothing but what is installed: every file of the places below, in the order of the hashes of their names, up to so many of
 * each kind.
 */

export type Kind = "code" | "data" | "docs";

export interface OrdinaryFile {
  readonly path: string;
  readonly kind: Kind;
  /** Rules are tuned on one half of the files and measured on the other: a fixed split, by the hash of the name. */
  readonly half: "tuned" | "measured";
}

/** Where a Debian-like machine keeps sources, documents, configuration and logs, and what npm has put beside this file. */
const SYSTEM_PLACES = ["/usr/share", "/usr/include", "/usr/lib", "/usr/local/lib", "/opt", "/etc", "/var/log"];

const CODE =
  /^\.(c|cc|cpp|h|hpp|hh|py|pyi|js|mjs|cjs|ts|mts|cts|tsx|jsx|pl|pm|sh|bash|zsh|rb|go|rs|java|lua|vim|el|tcl|awk|sql|css|php|m4|s|cmake|mk)$/;
const DATA =
  /^\.(json|xml|yml|yaml|csv|tsv|log|conf|cfg|ini|toml|svg|po|pot|properties|desktop|service|map|list|lock|rules|theme|ts\.map|dat|plist|rng|xsd|dtd|nsh)$/;
const DOCS = /^\.(md|markdown|rst|txt|html|htm|adoc|tex|texi|info|1|2|3|4|5|6|7|8|pod)$/;
const DOCS_NAME =
  /^(readme|changelog|changes|news|copyright|license|licence|authors|todo|history|copying|contributing)/i;

/** Packages about language models document their own control tokens: those are to be flagged, and are not ordinary. */
const ABOUT_MODELS =
  /langchain|langgraph|langsmith|tiktoken|ollama|llama|openai|anthropic|transformers|tokenizers?|[/_-]mcp|crewai|autogen|huggingface|claude|gemini|mistral|deepseek|chatgpt|[/-]ai[/-]|codex|copilot/i;

/** A minified bundle is longer; tool outputs of more are cut before a model sees them. */
const FILE_BYTES_MAX = 2 * 1024 * 1024;

function kindOf(path: string): Kind | undefined {
  const extension = extname(path).toLowerCase();
  if (DOCS.test(extension) || DOCS_NAME.test(basename(path))) return "docs";
  if (CODE.test(extension)) return "code";
  return DATA.test(extension) ? "data" : undefined;
}

function filesOf(place: string): string[] {
  if (!existsSync(place)) return [];
  return globSync("**/*", { cwd: place, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

/** Files of both sources, at most so many of each kind. `root` is the package's directory. */
export function ordinaryFiles(
  root: string,
  perKind: number,
  places: readonly string[] = SYSTEM_PLACES,
): OrdinaryFile[] {
  const found = new Map<string, { path: string; kind: Kind }>();
  for (const place of [...places, `${root}/node_modules`])
    for (const path of filesOf(place)) {
      const name = path.startsWith(root) ? path.slice(root.length) : path;
      const kind = kindOf(path);
      if (kind !== undefined && !ABOUT_MODELS.test(name)) found.set(sha256Hex(name), { path, kind });
    }
  const left: Record<Kind, number> = { code: perKind, data: perKind, docs: perKind };
  const chosen: OrdinaryFile[] = [];
  for (const hash of [...found.keys()].sort()) {
    const { path, kind } = found.get(hash) as { path: string; kind: Kind };
    if (left[kind] <= 0 || !isReadable(path)) continue;
    left[kind]--;
    chosen.push({ path, kind, half: Number.parseInt(hash.at(-1) as string, 16) < 8 ? "tuned" : "measured" });
  }
  return chosen;
}

/** So many bytes of this machine's own files of one kind by their names' ends, one after the other; those that `wanted` takes. */
export function realText(root: string, ends: RegExp, bytes: number, wanted: (content: Buffer) => boolean): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  for (const { path } of ordinaryFiles(root, 5000)) {
    const content = ends.test(path) && length < bytes ? textOf(path) : undefined;
    if (content === undefined || !wanted(content)) continue;
    pieces.push(content, Buffer.from("\n\n"));
    length += content.length;
  }
  return Buffer.concat(pieces).subarray(0, bytes);
}

function isReadable(path: string): boolean {
  try {
    const { size } = statSync(path);
    return size > 0 && size <= FILE_BYTES_MAX;
  } catch {
    return false;
  }
}

/** The bytes of a text; undefined for what is none. */
export function textOf(path: string): Buffer | undefined {
  try {
    const content = readFileSync(path);
    return content.includes(0) ? undefined : content;
  } catch {
    return undefined;
  }
}
