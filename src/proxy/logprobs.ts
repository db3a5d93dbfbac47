import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { addMembers, type Edit, editJson, type Path } from "./json-edit.ts";
import { PROXY_LIMITS } from "./limits.ts";
import type { Prompt } from "./prompts.ts";
import { isOllama, type Wire } from "./wires.ts";

/** Takes what only the proxy asked for out of a frame, or out of a whole answer. */
export type Strip = (value: Json, text: string) => string;

/** A request that asks for log-probabilities, though its client did not. */
export interface WithLogprobs {
  readonly bytes: Buffer;
  readonly strip: Strip;
}

/** As Responses calls them in `include`. */
const INCLUDED = "message.output_text.logprobs";

/** With which a server says that it has none for this model. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 422, 501]);

/** Asks for log-probabilities where the client did not, unless the server has refused them for the model before. */
export class LogprobAsker {
  readonly #refused = new Set<string>();

  /** Undefined where there is nothing to add. */
  ask(wire: Wire, { bytes, value }: Prompt): WithLogprobs | undefined {
    if (!isJsonObject(value) || this.#refused.has(keyOf(wire, value))) return undefined;
    const asked = wire === "responses" ? askResponses(value) : askTokens(value);
    if (asked === undefined) return undefined;
    const text = addMembers(editJson(bytes.toString("utf8"), asked.edits), asked.members);
    return { bytes: Buffer.from(text, "utf8"), strip: stripOf(wire, value) };
  }

  static isRefusal(status: number | undefined): boolean {
    return status !== undefined && REFUSALS.has(status);
  }

  /** The server took the request only without. */
  refused(wire: Wire, { value }: Prompt): void {
    if (this.#refused.size >= PROXY_LIMITS.silentModels) this.#refused.clear();
    this.#refused.add(keyOf(wire, value));
  }
}

function keyOf(wire: Wire, value: Json): string {
  return JSON.stringify([wire, isJsonObject(value) ? value.model : undefined]);
}

interface Asking {
  readonly edits: readonly Edit[];
  readonly members: Readonly<Record<string, Json>>;
}

function askTokens(value: JsonObject): Asking | undefined {
  if (value.logprobs === true) return undefined;
  return merged(value, { logprobs: true, top_logprobs: PROXY_LIMITS.alternatives });
}

function askResponses(value: JsonObject): Asking | undefined {
  const { include } = value;
  const listed = Array.isArray(include) ? (include as readonly Json[]) : [];
  if (listed.includes(INCLUDED)) return undefined;
  return merged(value, { include: [...listed, INCLUDED], top_logprobs: PROXY_LIMITS.alternatives });
}

/** Members that are there already are changed where they stand: no name may stand twice. */
function merged(value: JsonObject, wanted: Readonly<Record<string, Json>>): Asking {
  const names = Object.keys(wanted);
  const isThere = (name: string): boolean => Object.hasOwn(value, name);
  const edits = names.filter(isThere).map((name) => ({ path: [name], json: JSON.stringify(wanted[name]) }));
  const rest = names.filter((name) => !isThere(name)).map((name) => [name, wanted[name] as Json]);
  return { edits, members: Object.fromEntries(rest) as Record<string, Json> };
}

function stripOf(wire: Wire, request: JsonObject): Strip {
  const edits = (value: JsonObject): Edit[] => {
    if (isOllama(wire)) return Object.hasOwn(value, "logprobs") ? [{ path: ["logprobs"], json: undefined }] : [];
    return wire === "chat" ? ofChat(value) : ofResponses(value, [], JSON.stringify(request.top_logprobs ?? 0));
  };
  return (value, text) => (isJsonObject(value) ? editJson(text, edits(value)) : text);
}

/** OpenAI says null where nobody asked. */
function ofChat({ choices }: JsonObject): Edit[] {
  if (!Array.isArray(choices)) return [];
  return choices.flatMap((choice: Json, index) =>
    isJsonObject(choice) && (choice.logprobs ?? null) !== null
      ? [{ path: ["choices", index, "logprobs"], json: "null" }]
      : [],
  );
}

/** Members of events and responses in which texts with log-probabilities stand. */
const AROUND: ReadonlySet<string> = new Set(["part", "item", "response", "output", "content"]);

function ofResponses(value: Json, path: Path, top: string): Edit[] {
  if (Array.isArray(value)) return value.flatMap((one: Json, index) => ofResponses(one, [...path, index], top));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = [...path, name];
    if (name === "logprobs" && Array.isArray(member)) return [{ path: at, json: "[]" }];
    if (name === "top_logprobs" && typeof member === "number") return [{ path: at, json: top }];
    return AROUND.has(name) ? ofResponses(member, at, top) : [];
  });
}
