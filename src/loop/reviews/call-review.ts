import { canonicalise } from "../../base/canonical-json.ts";
import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import type { Decision, ToolConfig } from "../../policy/index.ts";
import type { Call } from "../call/call.ts";
import { bounded } from "../history/run-story.ts";
import { HASHED_JSON } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { parseCallDetails } from "../state/stored.ts";
import { filesOf } from "../workspace/workspace-owner.ts";
import type { NewReview, StoredReview } from "./review-store.ts";

/** What is shown of a call that needs a person's agreement, and what the agreement is bound to. */
export interface CallDetails {
  readonly input: string;
  readonly decision: Decision;
  readonly bound: BoundCall;
}

/** Everything that a yes is given for; when any of it is another, it is not this call that was agreed to. */
export interface BoundCall {
  readonly agent: string;
  readonly conversation: string;
  readonly tool: string;
  readonly inputSha256: string;
  /** Of the tool's configuration: the same name may run something else. */
  readonly definitionSha256: string;
  /** The rules that asked. */
  readonly rules: readonly string[];
  /** The version of the workspace that it finds, by hash: a script that it runs may be part of what is changed there. */
  readonly workspace: string;
}

export function boundCall(parts: LoopParts, { caller, tool, input, files }: Call, decision: Decision): BoundCall {
  const { agent, conversation } = caller;
  const definition = parts.policy.tool(tool);
  const asking = decision.considered.filter(({ outcome }) => outcome === "asks");
  return {
    ...{ agent, conversation, tool },
    inputSha256: hashOf("input", input),
    definitionSha256: hashOf("definition", definitionOf(parts, definition)),
    rules: asking.map(({ rule }) => rule),
    // A tool that runs elsewhere sees none of it.
    workspace: definition?.external === true ? "not-seen" : (files ?? filesOf(parts, caller, false)).state,
  };
}

/** Of the values of its variables only hashes that nobody else can make: whoever has this one could try values against it. */
function definitionOf(
  { environment, policy }: Pick<LoopParts, "environment" | "policy">,
  tool: ToolConfig | undefined,
): Json {
  if (tool === undefined) return null;
  const named = "env" in tool && tool.env !== undefined ? { ...tool, env: environment.seal(tool.env) } : tool;
  // Which Python is stated for all tools; another one runs something else.
  const program = "template" in tool && tool.template === "python" ? policy.config.python?.program : undefined;
  return { ...named, ...defined({ pythonProgram: program }) } as unknown as Json;
}

/** What a decision on a call names. */
export function hashOfCall(bound: BoundCall): string {
  return hashOf("call", bound as unknown as Json);
}

function hashOf(what: string, value: Json): string {
  return sha256Hex(`ztl-${what}-v2\n${canonicalise(value, HASHED_JSON)}`);
}

/** Parts that are for whoever asks to keep the same; the others may move while a person thinks. */
const IDENTITY = ["agent", "conversation", "tool", "inputSha256"] as const;
const WORDS = {
  definitionSha256: "the tool's definition",
  rules: "the rules that ask",
  workspace: "the conversation's files",
} as const;

/** Undefined when the agreement was to another call; else what has moved since it was given, nothing when all is as it was. */
export function movedSince(agreed: BoundCall, now: BoundCall): readonly string[] | undefined {
  if (IDENTITY.some((part) => agreed[part] !== now[part])) return undefined;
  const parts = Object.keys(WORDS) as (keyof typeof WORDS)[];
  return parts.filter((part) => String(agreed[part]) !== String(now[part])).map((part) => WORDS[part]);
}

export function callReview(
  { now, expireAfterMs }: Pick<LoopParts, "now" | "expireAfterMs">,
  { scope, tool, inputText, command }: Call,
  decision: Decision,
  bound: BoundCall,
): NewReview {
  const details: CallDetails = { input: inputText, decision, bound };
  return {
    ...{ runId: scope.runId, agent: scope.agent },
    kind: "call",
    tool,
    command: bounded(command),
    expiresAt: now() + expireAfterMs,
    hash: hashOfCall(bound),
    title: `wants to call ${tool}: ${decision.reason}`,
    details: JSON.stringify(details),
  };
}

/** Throws ZtlError `review-damaged`. */
export function callDetails(review: StoredReview): CallDetails {
  return parseCallDetails(review.details);
}
