import { z } from "zod";
import type { Json } from "../base/json.ts";
import { ZtlError } from "../errors.ts";
import { INPUT_BYTES_MAX } from "./limits.ts";

/** What callers of the loop hand over, parsed once at the boundary. */

const name = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => text.isWellFormed(), "must not contain a lone surrogate");
const text = z
  .string()
  .max(INPUT_BYTES_MAX)
  .refine((value) => value.isWellFormed(), "must not contain a lone surrogate");
/** Checked by `toJsonValue`: a schema that copied it would drop members named `__proto__`. */
const input = z.unknown();
const conversation = name.optional();

const schemas = {
  call: z.strictObject({
    agent: name,
    tool: name,
    input,
    conversation,
    approval: z.string().max(100).optional(),
    signal: z.instanceof(AbortSignal).optional(),
  }),
  receive: z.strictObject({
    agent: name,
    tool: name,
    content: z.union([text, z.instanceof(Uint8Array)]),
    conversation,
  }),
  send: z.strictObject({ from: name, to: name, text, conversation }),
  said: z.strictObject({
    agent: name,
    text,
    conversation,
    planned: z
      .array(z.strictObject({ tool: name, arguments: input }))
      .max(1000)
      .optional(),
  }),
};

/** A tool call by an agent. `approval` is the id of the review in which a person agreed to exactly this call. */
export interface CallRequest {
  readonly agent: string;
  readonly tool: string;
  readonly input: Json;
  /** Taint is kept for each conversation of an agent; default `main`. */
  readonly conversation?: string;
  readonly approval?: string;
  readonly signal?: AbortSignal;
}

/** What a tool that ran elsewhere returned. */
export interface ReceiveRequest {
  readonly agent: string;
  readonly tool: string;
  readonly content: string | Uint8Array;
  readonly conversation?: string;
}

/** A message from one agent to another. */
export interface SendRequest {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly conversation?: string;
}

/** What a model said, and the calls it plans: for the record and the semantic differential. */
export interface SaidRequest {
  readonly agent: string;
  readonly text: string;
  readonly conversation?: string;
  readonly planned?: readonly { readonly tool: string; readonly arguments: Json }[];
}

export const MAIN_CONVERSATION = "main";

interface Requests {
  readonly call: CallRequest;
  readonly receive: ReceiveRequest;
  readonly send: SendRequest;
  readonly said: SaidRequest;
}

/** Throws ZtlError `invalid-input`. */
export function parseRequest<K extends keyof Requests>(
  kind: K,
  value: Requests[K],
): Requests[K] & { conversation: string } {
  const result = schemas[kind].safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".") || kind}: ${issue.message}`);
    throw new ZtlError("invalid-input", `Invalid ${kind}: ${problems.join("; ")}`, { problems });
  }
  return { conversation: MAIN_CONVERSATION, ...value };
}

/** `JSON.stringify` writes a lone surrogate as an escape, and no other character from U+D800 on (ECMA-262, QuoteJSONString). */
const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

/** An own copy of JSON that came from outside, so that nothing changes it later. Throws ZtlError `invalid-input`. */
export function toJsonValue(value: unknown): { readonly value: Json; readonly text: string } {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new ZtlError("invalid-input", "The input is not JSON", {}, { cause: error });
  }
  if (text === undefined) throw new ZtlError("invalid-input", "The input is not JSON");
  if (LONE_SURROGATE.test(text))
    throw new ZtlError("invalid-input", "The input has a lone surrogate, which is no text");
  if (Buffer.byteLength(text) > INPUT_BYTES_MAX) {
    throw new ZtlError("invalid-input", `The input may have ${INPUT_BYTES_MAX} bytes of JSON; found more`);
  }
  return { value: JSON.parse(text) as Json, text };
}
