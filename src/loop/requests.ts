import { z } from "zod";
import type { Json } from "../base/json.ts";
import { parseJson } from "../base/strict-json.ts";
import { ZtlError } from "../errors.ts";
import { INPUT_BYTES_MAX, INPUT_JSON } from "./limits.ts";

/** What callers of the loop hand over, parsed once at the boundary. Who asks is never among it: that is the handle's. */

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
/** Version 00 of W3C Trace Context, section 3.2.2; neither id may be all zeros. */
const traceparent = z
  .string()
  .regex(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/, "must be a W3C traceparent of version 00");

const asked = { tool: name, input, callId: name.optional(), approval: z.string().max(100).optional() };
const schemas = {
  decide: z.strictObject({ tool: name, input: input.optional() }),
  call: z.strictObject({
    ...asked,
    fresh: z.boolean().optional(),
    traceparent: traceparent.optional(),
    signal: z.instanceof(AbortSignal).optional(),
  }),
  permit: z.strictObject({ ...asked, traceparent: traceparent.optional() }),
  receive: z.strictObject({ callId: name, content: z.union([text, z.instanceof(Uint8Array)]) }),
  send: z.strictObject({ to: z.unknown(), text, traceparent: traceparent.optional() }),
  said: z.strictObject({
    text,
    planned: z
      .array(z.strictObject({ tool: name, arguments: input }))
      .max(1000)
      .optional(),
  }),
  conversation: z.strictObject({
    id: name.optional(),
    workspace: name.optional(),
    job: name.optional(),
    traceparent: traceparent.optional(),
  }),
};

/** Which tool, with what: for a decision that changes nothing. */
export interface DecideRequest {
  readonly tool: string;
  readonly input?: Json;
}

/** A question whether a tool may be used, with what. */
export interface PermitRequest {
  readonly tool: string;
  readonly input: Json;
  /**
   * Names this call in its conversation, for as long as it is remembered: asking, making and answering it again under the same
   * name is the same call, which happens once. A framework's tool call id is one. A name must not be given to another input.
   */
  readonly callId?: string;
  /** The review in which a person agreed to exactly this call; not needed with a `callId`, which knows its review. */
  readonly approval?: string;
  /** The step of the caller's own trace that this call belongs to (W3C Trace Context). Default: the conversation's. */
  readonly traceparent?: string;
}

/** A tool call in a micro-VM. */
export interface CallRequest extends PermitRequest {
  /** Runs over the host's files as they are, without what the conversation has changed; its changes are a review of their own. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** What a tool that ran elsewhere returned. `callId` is that of its permit. */
export interface ReceiveRequest {
  readonly callId: string;
  readonly content: string | Uint8Array;
}

/** What a model said, and the calls it plans: for the record and the semantic differential. */
export interface SaidRequest {
  readonly text: string;
  readonly planned?: readonly { readonly tool: string; readonly arguments: Json }[];
}

export interface ConversationOptions {
  /**
   * A name that lives longer than this process, such as a thread's or a ticket's. The host program chooses it: an agent that could
   * would leave its taint behind. Default: a random one.
   */
  readonly id?: string;
  /**
   * A workspace by name: all conversations that name it, of whichever agents, find each other's changes, which are one review. The
   * host program chooses it. What one of them reads of another's file, it has taken in. Default: one of its own.
   */
  readonly workspace?: string;
  /**
   * What this conversation is for, by a name that others of this agent had before, such as `pay-bill`: the monitor of actions compares
   * it with those. The host program chooses it. Default: none, and it is compared with whatever else the agent does.
   */
  readonly job?: string;
  /** The step of the caller's trace in which this conversation began (W3C Trace Context). Default: a trace of its own. */
  readonly traceparent?: string;
}

interface Requests {
  readonly decide: DecideRequest;
  readonly call: CallRequest;
  readonly permit: PermitRequest;
  readonly receive: ReceiveRequest;
  readonly send: { readonly to: unknown; readonly text: string; readonly traceparent?: string };
  readonly said: SaidRequest;
  readonly conversation: ConversationOptions;
}

/** Throws ZtlError `invalid-input`. */
export function parseRequest<K extends keyof Requests>(kind: K, value: Requests[K]): Requests[K] {
  const result = schemas[kind].safeParse(value);
  if (result.success) return { ...value };
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || kind}: ${issue.message}`);
  throw new ZtlError("invalid-input", `Invalid ${kind}: ${problems.join("; ")}`, { problems });
}

/** An own copy of JSON that came from outside, so that nothing changes it later. Throws ZtlError `invalid-input`. */
export function toJsonValue(value: unknown): { readonly value: Json; readonly text: string } {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new ZtlError("invalid-input", "The input is not JSON", {}, { cause: error });
  }
  if (text === undefined) throw new ZtlError("invalid-input", "The input is not JSON");
  try {
    return { value: parseJson(text, INPUT_JSON), text };
  } catch (error) {
    throw new ZtlError("invalid-input", `Invalid input: ${(error as Error).message}`, {}, { cause: error });
  }
}
