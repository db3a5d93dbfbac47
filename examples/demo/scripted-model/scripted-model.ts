import type { IncomingMessage, ServerResponse } from "node:http";
import { REQUEST_BYTES_MAX } from "../limits.ts";
import { listenOnLoopback } from "../loopback-server.ts";
import { Conversation } from "./conversation.ts";
import { type Answer, nextAnswer } from "./next-answer.ts";

/** A model that is a program of ours behind OpenAI's chat interface: the loop cannot tell it from another one. */
export interface ScriptedModel {
  /** Base of the interface, as `ChatModel` takes it. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function startScriptedModel(): Promise<ScriptedModel> {
  const { origin, close } = await listenOnLoopback(answerRequest);
  return { url: `${origin}/v1`, close };
}

async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
    return send(404, { error: { message: "Only POST /v1/chat/completions is here." } });
  }
  const body = await readBody(request);
  if (body === undefined) return send(413, { error: { message: `A request may have ${REQUEST_BYTES_MAX} bytes.` } });
  const conversation = Conversation.parse(body);
  if (conversation === undefined) return send(400, { error: { message: "Expected a chat completion request." } });
  send(200, completion(nextAnswer(conversation), conversation.toolTexts.length));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= REQUEST_BYTES_MAX) chunks.push(chunk);
  }
  return length > REQUEST_BYTES_MAX ? undefined : Buffer.concat(chunks).toString("utf8");
}

function completion(answer: Answer, turn: number): object {
  const message =
    "text" in answer
      ? { role: "assistant", content: answer.text }
      : { role: "assistant", content: null, tool_calls: [callOnWire(answer.call, turn)] };
  const finish_reason = "text" in answer ? "stop" : "tool_calls";
  return { id: `chatcmpl-${turn}`, object: "chat.completion", choices: [{ index: 0, message, finish_reason }] };
}

function callOnWire({ name, arguments: given }: { name: string; arguments: object }, turn: number): object {
  return { id: `call_${turn}`, type: "function", function: { name, arguments: JSON.stringify(given) } };
}
