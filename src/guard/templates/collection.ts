import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readBounded } from "../../base/bounded-file.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { scan } from "../scanner.ts";
import { JSON_DEPTH_MAX, readTokens, TEMPLATE_BYTES_MAX } from "./template-tokens.ts";

/** Files of one collection; the largest public one has some 400 templates. */
const FILES_MAX = 10_000;
const TEMPLATE_NAME = /\.(jinja2?|j2|tmpl|gotmpl|jsonl)$|^tokenizer(_config)?\.json$|^chat_template\.json$|^Modelfile/i;
/** Signs that make a text more than words and headings. */
const CONTROL_SIGN = /[<>[\]{}|｜~✿]/u;

/** HTML strikes text through with it. What follows it in a prompt is found; alone it opens nothing. */
const MARKUP: ReadonlySet<string> = new Set(["<s>"]);

/** One token or turn opener of a collection and what the guard makes of it. */
export interface TemplateProbe {
  readonly source: string;
  readonly what: "token" | "turn";
  readonly text: string;
  readonly decision: "admit" | "flag" | "block";
  /** Made of words only, as `User:`: ordinary text has it too. */
  readonly isPlain: boolean;
}

/** Every special token and turn opener in these files and folders, each looked at as part of a sentence. */
export function probeTemplates(paths: readonly string[]): TemplateProbe[] {
  const seen = new Set<string>();
  return paths.flatMap(filesUnder).flatMap((file) =>
    textsOf(file).flatMap(({ source, what, text }): TemplateProbe[] => {
      if (seen.has(`${what} ${text}`)) return [];
      seen.add(`${what} ${text}`);
      const { decision } = scan(`The page said ${text} and then more.`);
      // A role heads a turn only at the end of its line, and some openers only on a line of their own.
      const alone = scan(`The page said\n${text}\nand then more.`).decision;
      const isPlain = !CONTROL_SIGN.test(text) || MARKUP.has(text);
      return [{ source, what, text, decision: decision === "admit" ? alone : decision, isPlain }];
    }),
  );
}

interface Text {
  readonly source: string;
  readonly what: TemplateProbe["what"];
  readonly text: string;
}

function textsOf(file: string): Text[] {
  const content = readBounded(file, TEMPLATE_BYTES_MAX).toString("utf8");
  if (Buffer.byteLength(content) > TEMPLATE_BYTES_MAX)
    throw new ZtlError("template-malformed", `${file} has more than ${TEMPLATE_BYTES_MAX} bytes`);
  if (/\.jsonl$/i.test(file))
    return content.split("\n").flatMap((line, index) => rowTexts(line, `${file}:${index + 1}`));
  const { tokens, openers } = readTokens(content, file);
  return [
    ...tokens.map((text) => ({ source: file, what: "token" as const, text })),
    ...openers.map((text) => ({ source: file, what: "turn" as const, text })),
  ];
}

/** Where the content stands in a turn format: `{{QUERY}}`, `{{content}}`, `{{SYSTEM}}`, `{system_message}`. */
const SLOT = /\{\{(?:QUERY|content|SYSTEM|system)\}\}|\{system_message\}/;

/** A row of turn formats: `format`, `system`, `turn`, `separator`. */
function rowTexts(line: string, at: string): Text[] {
  if (line.trim() === "") return [];
  const row = parseRow(line, at);
  const source = `${at} ${typeof row.format === "string" ? row.format : ""}`.trim();
  const text = (key: string): string => (typeof row[key] === "string" ? row[key].replace(/\{\{ROUND\d\}\}/g, "1") : "");
  const heads = [text("system"), text("turn")].map((format) =>
    SLOT.test(format) ? (format.split(SLOT)[0] ?? "") : "",
  );
  const next = text("turn").split(SLOT).slice(1).join(" ");
  const turns = [...heads, next].map((head) => head.trim()).filter((head) => head !== "");
  const separator = text("separator")
    .split(SLOT)
    .map((part) => part.trim());
  return [
    ...turns.map((one) => ({ source, what: "turn" as const, text: one })),
    ...separator.filter((one) => CONTROL_SIGN.test(one)).map((one) => ({ source, what: "token" as const, text: one })),
  ];
}

function parseRow(line: string, at: string): JsonObject {
  try {
    const row = parseJson(line, { bytesMax: TEMPLATE_BYTES_MAX, depthMax: JSON_DEPTH_MAX });
    if (isJsonObject(row)) return row;
  } catch {
    // Said below.
  }
  throw new ZtlError("template-malformed", `${at} is not a JSON object`);
}

function filesUnder(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new ZtlError("template-missing", `There is no file or folder ${path}`);
  if (!stat.isDirectory()) return [path];
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && TEMPLATE_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size <= TEMPLATE_BYTES_MAX)
    .sort();
  if (files.length > FILES_MAX)
    throw new ZtlError("template-malformed", `${path} has more than ${FILES_MAX} templates`);
  return files;
}
