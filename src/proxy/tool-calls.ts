import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { isOllama, type Wire } from "./wires.ts";

/** One call that a model asks its client to make, with its arguments as they stand on the wire. */
export interface ToolCall {
  readonly name: string;
  readonly input: string;
}

/** A part of one, as a frame has it: parts of one key belong behind one another. */
interface Piece extends ToolCall {
  readonly key: string;
}

/** Tools of Responses that the server runs itself: a client does nothing for them, and what they say is not to wait. */
const RUN_BY_SERVER: ReadonlySet<string> = new Set([
  ...["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"],
]);

const LAST_EVENTS: ReadonlySet<string> = new Set(["response.completed", "response.failed", "response.incomplete"]);

/** The tool calls of one answer, gathered from its frames, or from the whole of it. */
export class Step {
  readonly #wire: Wire;
  readonly #pieces = new Map<string, { name: string; input: string }>();
  #isComplete = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get calls(): readonly ToolCall[] {
    return [...this.#pieces.values()];
  }

  /** Whether the model said that it has ended. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** A frame, or a whole answer. */
  take(value: Json): void {
    if (!isJsonObject(value)) return;
    const { pieces, ends } = readerOf(this.#wire)(value, this.#pieces.size);
    for (const { key, name, input } of pieces) {
      const known = this.#pieces.get(key);
      if (known === undefined) this.#pieces.set(key, { name, input });
      else {
        known.name += name;
        known.input += input;
      }
    }
    this.#isComplete ||= ends;
  }
}

interface Reading {
  readonly pieces: readonly Piece[];
  readonly ends: boolean;
}

/** `count` makes keys of calls that come whole. */
type Reader = (value: JsonObject, count: number) => Reading;

function readerOf(wire: Wire): Reader {
  if (isOllama(wire)) return ofOllama;
  return wire === "chat" ? ofChat : ofResponses;
}

function ofChat({ choices }: JsonObject): Reading {
  const all = listOf(choices).filter(isJsonObject);
  const pieces = all.flatMap(({ index, delta, message }, position) =>
    [delta, message].filter(isJsonObject).flatMap(({ tool_calls, function_call }) => {
      const choice = textOf(index ?? position);
      const called = listOf(tool_calls).map((one, at) => {
        const number = isJsonObject(one) ? (one.index ?? at) : at;
        return pieceOf(`${choice}/${textOf(number)}`, one);
      });
      return isNothing(function_call) ? called : [...called, pieceOf(choice, { function: function_call })];
    }),
  );
  return { pieces, ends: all.some(({ finish_reason }) => !isNothing(finish_reason)) };
}

function ofOllama({ message, done }: JsonObject, count: number): Reading {
  const calls = isJsonObject(message) ? listOf(message.tool_calls) : [];
  return { pieces: calls.map((one, at) => pieceOf(`${count + at}`, one)), ends: done === true };
}

/** A stream says each call up to four times; what a client acts on may be any of them. */
function ofResponses(event: JsonObject, count: number): Reading {
  const { type, item, item_id, delta, response, output } = event;
  const kind = typeof type === "string" ? type : "";
  const pieces: Piece[] = [];
  const whole = (one: Json): void => {
    if (isJsonObject(one) && isClientCall(one.type))
      pieces.push({ key: `whole ${count + pieces.length}`, name: textOf(one.name ?? one.type), input: inputOf(one) });
  };
  if (/_call_(?:arguments|input)\.delta$/.test(kind))
    pieces.push({ key: `delta ${textOf(item_id)}`, name: "", input: textOf(delta) });
  else if (/_call_(?:arguments|input)\.done$/.test(kind))
    pieces.push({ key: `whole ${count}`, name: textOf(event.name), input: inputOf(event) });
  if (item !== undefined) whole(item);
  for (const one of listOf(isJsonObject(response) ? response.output : output)) whole(one);
  return { pieces, ends: LAST_EVENTS.has(kind) };
}

function isClientCall(type: Json | undefined): boolean {
  if (typeof type !== "string") return false;
  return type === "mcp_approval_request" || (type.endsWith("_call") && !RUN_BY_SERVER.has(type));
}

function inputOf(item: JsonObject): string {
  return textOf(item.arguments ?? item.input ?? item.action ?? item.operation);
}

/** `{ function: { name, arguments } }`, or `{ custom: { name, input } }`; what is neither is looked at as it stands. */
function pieceOf(key: string, call: Json): Piece {
  const inner = isJsonObject(call) ? (call.function ?? call.custom) : undefined;
  if (!isJsonObject(inner)) return { key, name: "", input: textOf(call) };
  return { key, name: textOf(inner.name), input: textOf(inner.arguments ?? inner.input) };
}

function textOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return isNothing(value) ? "" : JSON.stringify(value);
}

/** What should be a list and is none is looked at as one item. */
function listOf(value: Json | undefined): readonly Json[] {
  if (isNothing(value)) return [];
  return Array.isArray(value) ? value : [value as Json];
}

function isNothing(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null;
}
