import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { Path } from "./json-edit.ts";
import type { Wire } from "./wires.ts";

/** One text in the result of a tool. */
export interface ToolText {
  readonly path: Path;
  readonly text: string;
}

/** The texts of one result, in their order: a model reads them behind one another. */
export type ToolResult = readonly ToolText[];

/** Roles under which a request has what tools returned. */
const TOOL_ROLES: ReadonlySet<string> = new Set(["tool", "function"]);

/** Members that no model reads as text: kinds, ids, pictures and files. Whatever else is there is looked at, known or not. */
const NO_TEXT: ReadonlySet<string> = new Set([
  ...["type", "id", "call_id", "tool_call_id", "tool_use_id", "file_id"],
  ...["image_url", "file_data", "images"],
]);

/** Members of a Responses item in which its tool's results stand. */
const RESULT_MEMBERS = ["output", "outputs", "results"] as const;

/** What tools returned, wherever a request of this wire has it. */
export function toolResults(wire: Wire, request: JsonObject): ToolResult[] {
  switch (wire) {
    case "chat":
    case "ollama-chat":
      return inList(request.messages, ["messages"], ofMessage);
    case "responses":
      return inList(request.input, ["input"], ofItem);
    case "ollama-generate":
      return [];
  }
}

type Find = (value: JsonObject, path: Path) => ToolResult[];

function inList(value: Json | undefined, path: Path, find: Find): ToolResult[] {
  if (!Array.isArray(value)) return [];
  const results = value.flatMap((one: Json, index) => (isJsonObject(one) ? find(one, [...path, index]) : []));
  return results.filter(({ length }) => length > 0);
}

function ofMessage(message: JsonObject, path: Path): ToolResult[] {
  const { role, content } = message;
  if (typeof role === "string" && TOOL_ROLES.has(role.trim().toLowerCase()))
    return [textsIn(content, [...path, "content"])];
  return inList(content, [...path, "content"], ofPart);
}

function ofItem(item: JsonObject, path: Path): ToolResult[] {
  const own = RESULT_MEMBERS.map((name) => textsIn(item[name], [...path, name]));
  return [...own, ...ofMessage(item, path)];
}

/** As Anthropic's messages have it, which several servers take on OpenAI's wire, too. */
function ofPart(part: JsonObject, path: Path): ToolResult[] {
  const { type, content } = part;
  return typeof type === "string" && /^(?:mcp_)?tool_result$/.test(type)
    ? [textsIn(content, [...path, "content"])]
    : [];
}

function textsIn(value: Json | undefined, path: Path): ToolText[] {
  if (typeof value === "string") return value === "" ? [] : [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((one: Json, index) => textsIn(one, [...path, index]));
  if (!isJsonObject(value)) return [];
  const isBase64 = value.type === "base64";
  return Object.entries(value).flatMap(([name, member]) =>
    NO_TEXT.has(name) || (isBase64 && name === "data") ? [] : textsIn(member, [...path, name]),
  );
}
