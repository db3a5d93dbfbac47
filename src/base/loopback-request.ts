import { Agent, type IncomingMessage, request } from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/**
 * Requests to this machine itself. `fetch` gives them to the proxy that the environment names (NODE_USE_ENV_PROXY with HTTP_PROXY),
 * which is another machine, unless its owner thought of NO_PROXY; agents of their own go straight there.
 */
const agents = { "http:": new Agent(), "https:": new TlsAgent() } as const;

export interface LoopbackRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface LoopbackResponse {
  readonly status: number;
  /** From 200 to 299. Redirections are answers like others, and are not followed. */
  readonly ok: boolean;
  /** Decompressed. Leaving it before its end closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with what the network says, or when the signal is aborted. */
export async function requestLoopback(url: URL, options: LoopbackRequest = {}): Promise<LoopbackResponse> {
  const { method = "GET", headers = {}, body, signal } = options;
  const isTls = url.protocol === "https:";
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = (isTls ? requestTls : request)(url, {
      agent: isTls ? agents["https:"] : agents["http:"],
      method,
      headers: { ...headers, ...length },
      ...(signal && { signal }),
    });
    sent.on("response", resolve).on("error", reject).end(body);
  });
  const status = response.statusCode ?? 0;
  return { status, ok: status >= 200 && status < 300, body: decompressed(response) };
}

/** Nothing compressed is asked for, but a server may not mind (RFC 9110, 8.4). */
function decompressed(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const decoder = decoderOf(response.headers["content-encoding"]);
  if (decoder === undefined) return response;
  response.on("error", (error) => decoder.destroy(error));
  decoder.on("close", () => response.destroy());
  return response.pipe(decoder);
}

function decoderOf(encoding: string | undefined): (Readable & NodeJS.ReadWriteStream) | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
