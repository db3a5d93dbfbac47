import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** For tests: a server on loopback that speaks the wire as it is told to. */

export interface WireRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Reply = (response: ServerResponse, request: WireRequest) => void;

/** One server; `reply` decides what it does with each request. */
export class WireServer {
  readonly requests: WireRequest[] = [];
  reply: Reply = answers({ content: "hello" });
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));

  static async start(): Promise<WireServer> {
    const wire = new WireServer();
    await new Promise<void>((resolve) => wire.#server.listen(0, "127.0.0.1", resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received = {
      path: request.url ?? "",
      authorization: request.headers.authorization,
      body: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>,
    };
    this.requests.push(received);
    this.reply(response, received);
  }
}

/** A whole body, as it stands. */
export function sends(body: string | Uint8Array, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}

/** A chat completion with one choice for each message. */
export function answers(...messages: readonly Record<string, unknown>[]): Reply {
  const choices = messages.map((message, index) => ({
    index,
    message: { role: "assistant", ...message },
    finish_reason: "tool_calls" in message ? "tool_calls" : "stop",
  }));
  return sends(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", model: "m", choices }));
}

/** The message of an assistant that calls tools; arguments are as they stand on the wire. */
export function calls(...made: readonly (readonly [name: string, given: unknown])[]): Record<string, unknown> {
  const tool_calls = made.map(([name, given], index) => ({
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: given },
  }));
  return { content: null, tool_calls };
}
