import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as later } from "node:timers/promises";
import { type ProxyOptions, type RunningProxy, startProxy } from "./server.ts";

/** For tests: a model server on loopback that does what it is told, and the proxy before it. */

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export type Reply = (response: ServerResponse, asked: Asked) => void | Promise<void>;

export interface TestProxy extends AsyncDisposable {
  readonly proxy: RunningProxy;
  readonly upstream: Server;
  readonly asked: Asked[];
  reply: Reply;
  send(target: string, options?: SendOptions): Promise<Received>;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}

export async function openTestProxy(options: Partial<ProxyOptions> = {}): Promise<TestProxy> {
  const asked: Asked[] = [];
  const upstream = createServer(async (incoming, response) => {
    const body = await readAll(incoming).catch(() => Buffer.alloc(0));
    const { method = "", url = "", rawHeaders, headers } = incoming;
    const one = { method, url, rawHeaders, headers, body };
    asked.push(one);
    await world.reply(response, one);
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const { port } = upstream.address() as AddressInfo;
  const proxy = await startProxy({ upstream: new URL(`http://127.0.0.1:${port}`), ...options });
  const world: TestProxy = {
    ...{ proxy, upstream, asked },
    reply: (response) => void response.end("hello"),
    send: (target, how) => send(proxy.port, target, how),
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      upstream.closeAllConnections();
      upstream.close();
    },
  };
  return world;
}

/** An answer of frames, each written by itself. */
export function streams(type: string, frames: readonly string[]): Reply {
  return async (response) => {
    response.writeHead(200, { "content-type": type });
    for (const frame of frames) {
      response.write(frame);
      await later(2);
    }
    response.end();
  };
}

export const SSE = "text/event-stream";
export const NDJSON = "application/x-ndjson";

export function sse(...values: readonly unknown[]): string[] {
  return values.map((value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
}

export function json(value: unknown): Reply {
  return (response) => void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function send(port: number, target: string, { method = "GET", headers = {}, body }: SendOptions = {}) {
  const sent = request({ host: "127.0.0.1", port, path: target, method, headers, agent: false });
  // One that comes behind the answer is nobody's: the answer may come before all is sent.
  sent.on("error", () => {}).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const bytes = await readAll(response);
  const { statusCode: status = 0, headers: answered, rawHeaders } = response;
  return { status, headers: answered, rawHeaders, body: bytes, text: bytes.toString("utf8") };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
