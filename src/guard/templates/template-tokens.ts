import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { readTemplate } from "./template-text.ts";

/** Bytes of one file: the longest tokenizer.json in use has some 34 MB. */
export const TEMPLATE_BYTES_MAX = 64 * 1024 * 1024;
/** Tokenizers nest four or five levels. */
export const JSON_DEPTH_MAX = 32;
/** Tokens kept of one file: Gemma's 6,242 reserved ones are the most there are. */
const TOKENS_MAX = 10_000;
const TOKEN_BYTES_MAX = 128;
/** Shorter ones, and ones of letters only, are in every text. */
const TOKEN_LENGTH_MIN = 3;

/** What a model's own files say about its prompts. */
export interface TemplateTokens {
  /** Tokens that its tokenizer takes apart from all other text. */
  readonly tokens: readonly string[];
  /** What its template writes before a message. */
  readonly openers: readonly string[];
  /** Openers and tokens that ordinary text has too, so that no rule can be made of them. */
  readonly leftOut: readonly string[];
}

/** Reads `tokenizer_config.json`, `tokenizer.json`, or a Jinja or Go template. Throws ZtlError `template-malformed`. */
export function readTokens(text: string, name: string): TemplateTokens {
  if (Buffer.byteLength(text) > TEMPLATE_BYTES_MAX)
    throw new ZtlError("template-malformed", `${name} has more than ${TEMPLATE_BYTES_MAX} bytes`);
  if (!/\.json$/i.test(name)) return collect([], openersOf(text));
  const config = parse(text, name);
  const openers = templatesOf(config).flatMap((template) => openersOf(template));
  return collect(addedTokens(config, openers.join("\n")), openers);
}

function parse(text: string, name: string): JsonObject {
  let value: Json;
  try {
    value = parseJson(text, { bytesMax: TEMPLATE_BYTES_MAX, depthMax: JSON_DEPTH_MAX });
  } catch (cause) {
    throw new ZtlError("template-malformed", `${name} is not JSON`, { cause });
  }
  if (!isJsonObject(value)) throw new ZtlError("template-malformed", `${name} is not a JSON object`);
  return value;
}

/** `chat_template` is a text, or a list of named ones. */
function templatesOf({ chat_template: template }: JsonObject): string[] {
  if (typeof template === "string") return [template];
  if (!Array.isArray(template)) return [];
  return template.flatMap((entry) =>
    isJsonObject(entry) && typeof entry.template === "string" ? [entry.template] : [],
  );
}

/** Special tokens, and others that the template writes itself: tokenizers also keep words and HTML tags as tokens of their own. */
function addedTokens(config: JsonObject, written: string): string[] {
  const entries = [
    ...(isJsonObject(config.added_tokens_decoder) ? Object.values(config.added_tokens_decoder) : []),
    ...(Array.isArray(config.added_tokens) ? config.added_tokens : []),
  ];
  const added = entries.flatMap((entry) =>
    isJsonObject(entry) && typeof entry.content === "string"
      ? [{ text: entry.content, isSpecial: entry.special === true }]
      : [],
  );
  const listed = Array.isArray(config.additional_special_tokens) ? config.additional_special_tokens : [];
  const named = ["bos_token", "eos_token", "pad_token", "sep_token", "unk_token", "cls_token", "mask_token"].map(
    (key) => config[key],
  );
  return [
    ...added.filter(({ text, isSpecial }) => isSpecial || written.includes(text)).map(({ text }) => text),
    ...[...listed, ...named].flatMap((token) => {
      if (typeof token === "string") return [token];
      return isJsonObject(token) && typeof token.content === "string" ? [token.content] : [];
    }),
  ];
}

const ROLES = ["system", "user", "assistant"];

/** The texts that stand right before a message's content, or before its role, then with each of the roles. */
function openersOf(template: string): string[] {
  const openers: string[] = [];
  let before: string[] = [];
  for (const piece of readTemplate(template)) {
    if (piece.kind === "text") {
      before.push(piece.text);
      continue;
    }
    const heads = ends(before);
    if (piece.what === "role") openers.push(...heads.flatMap((head) => ROLES.map((role) => `${head}${role}`)));
    else openers.push(...heads);
    before = [];
  }
  return openers;
}

/** The ends of what is written before a slot: all of it, its last line, its last piece; branches before it may not be written. */
function ends(pieces: readonly string[]): string[] {
  const all = pieces.join("").trim();
  const lastLine = all.slice(all.lastIndexOf("\n") + 1);
  const lastPiece = (pieces.at(-1) ?? "").trim();
  return [...new Set([all, lastLine, lastPiece])].filter((one) => one !== "" && one.length <= TOKEN_BYTES_MAX);
}

function collect(tokens: readonly string[], openers: readonly string[]): TemplateTokens {
  const clean = (texts: readonly string[]): string[] =>
    [...new Set(texts.map((text) => text.trim()))].slice(0, TOKENS_MAX);
  const [allTokens, allOpeners] = [clean(tokens), clean(openers)];
  return {
    tokens: allTokens.filter(isTelling),
    openers: allOpeners.filter(isTelling),
    leftOut: [...new Set([...allTokens, ...allOpeners])].filter((text) => text !== "" && !isTelling(text)),
  };
}

/** A text that ordinary ones do not have: some length, and a sign that is no letter. */
function isTelling(text: string): boolean {
  const isShort = text.length < TOKEN_LENGTH_MIN || Buffer.byteLength(text) > TOKEN_BYTES_MAX;
  return !isShort && /[^\p{L}\p{N}\s.,;!?'"()-]/u.test(text) && text.isWellFormed();
}
