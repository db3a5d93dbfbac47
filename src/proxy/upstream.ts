import { Agent, type IncomingMessage, request } from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import type { Readable } from "node:stream";
import { ZtlError } from "../errors.ts";
import type { Headers } from "./headers.ts";
import { PROXY_LIMITS } from "./limits.ts";
import { RefusedError } from "./refusal.ts";

/** The server that is asked, as somebody wrote it. Throws ZtlError `upstream-invalid`. */
export function parseUpstream(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw invalid("Expected an http or https address of the model server, such as http://127.0.0.1:11434");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw invalid("Expected an address without credentials, query and fragment: clients send their own key");
  if (/\/(?:v1|api)\/*$/.test(url.pathname))
    throw invalid("Expected what stands before /v1 or /api: clients send the rest, as to the server itself");
  return url;
}

function invalid(message: string): ZtlError {
  return new ZtlError("upstream-invalid", message);
}

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as the client wrote them. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Buffer | Readable;
  readonly signal: AbortSignal;
}

class StaleConnection extends Error {
  readonly code = "ECONNRESET";

  constructor(cause: Error) {
    super("A kept connection was closed", { cause });
  }
}

/** Asks one server, straight: no proxy of the environment stands between. */
export class Upstream {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #idleTimeoutMs: number;

  constructor(url: URL, idleTimeoutMs: number = PROXY_LIMITS.idleTimeoutMs) {
    this.#url = url;
    this.#idleTimeoutMs = idleTimeoutMs;
    const kept = { keepAlive: true, timeout: PROXY_LIMITS.keptConnectionMs };
    this.#agent = url.protocol === "https:" ? new TlsAgent(kept) : new Agent(kept);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Resolves with the head of the answer. Rejects with a RefusedError, or with the signal's reason. */
  async send(asked: UpstreamRequest): Promise<IncomingMessage> {
    try {
      return await this.#exchange(asked).catch((error: unknown) => {
        // The server closed a connection that was kept, just when it was used: it has seen nothing of this request.
        if (error instanceof StaleConnection && Buffer.isBuffer(asked.body)) return this.#exchange(asked);
        throw error;
      });
    } catch (error) {
      asked.signal.throwIfAborted();
      if (error instanceof RefusedError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? "no reason";
      throw new RefusedError("upstream_unreachable", `The model server cannot be reached (${code}).`, { cause: error });
    }
  }

  #exchange({ method, target, headers, body, signal }: UpstreamRequest): Promise<IncomingMessage> {
    const { protocol, hostname, port, host, pathname } = this.#url;
    return new Promise((resolve, reject) => {
      const sent = (protocol === "https:" ? requestTls : request)({
        ...{ protocol, hostname: hostname.replace(/^\[|\]$/g, ""), port, method, agent: this.#agent, signal },
        path: `${pathname.replace(/\/+$/, "")}${target}`,
        headers: { ...headers, host },
        timeout: this.#idleTimeoutMs,
      });
      const late = new RefusedError("upstream_timeout", "The model server said nothing for too long.");
      let answer: IncomingMessage | undefined;
      sent.on("timeout", () => (answer ?? sent).destroy(late));
      sent.on("response", (response) => {
        answer = response;
        resolve(response);
      });
      sent.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = sent.reusedSocket && error.code === "ECONNRESET" && !signal.aborted;
        reject(isStale ? new StaleConnection(error) : error);
      });
      if (Buffer.isBuffer(body)) sent.end(body);
      else {
        body.on("error", (error) => sent.destroy(error));
        body.pipe(sent);
      }
    });
  }
}
