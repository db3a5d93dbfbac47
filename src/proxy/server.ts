import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expectLoopback, originsOf } from "../base/loopback-address.ts";
import type { Monitor, Signal, TokenState } from "../entropy/index.ts";
import { ZtlError } from "../errors.ts";
import type { RuleSet } from "../guard/index.ts";
import { answerRefusal, Exchange, type ExchangeParts } from "./exchange.ts";
import { PROXY_LIMITS } from "./limits.ts";
import { LogprobAsker } from "./logprobs.ts";
import { type OnFinding, PromptGuard, type ProxyFinding } from "./prompts.ts";
import { type Refusal, RefusedError, refusal } from "./refusal.ts";
import { StepGuard } from "./step-guard.ts";
import type { TokenReport } from "./token-watch.ts";
import { Upstream } from "./upstream.ts";
import { wireOf } from "./wires.ts";

/** What may stop everything that goes through the proxy. */
export interface ProxyBreaker {
  /** Calls back once, as soon as it is open; at once, before this returns, if it is already. Returns what ends the watch. */
  watch(onOpen: (reason: string) => void): () => void;
}

export interface ProxyOptions {
  /** From `parseUpstream`. */
  readonly upstream: URL;
  /** `127.0.0.1` (the default) or `::1`. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** `block`, the default, withholds and masks; `inform` only tells. */
  readonly onFinding?: OnFinding;
  /** Default: the guard's own. */
  readonly rules?: RuleSet;
  readonly breaker?: ProxyBreaker;
  /** Told of each finding, with nothing of the content. Must not throw. */
  readonly found?: (finding: ProxyFinding) => void;
  /** Asks for log-probabilities, which clients do not see unless they asked themselves, and tells of each answer's tokens. */
  readonly tokens?: {
    /** Must not throw. */
    readonly told: (report: TokenReport) => void;
    /** Watches the tokens of one answer. */
    readonly monitor?: () => Monitor<Signal, TokenState>;
  };
  readonly idleTimeoutMs?: number;
}

export interface RunningProxy extends AsyncDisposable {
  /** What clients have as the server's address, in place of the upstream's. */
  readonly url: string;
  readonly port: number;
  /** Ends what goes on, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Stands on this machine before a model server: looks at what tools returned in the requests, and at the tool calls in the answers.
 * Throws ZtlError `not-loopback` or `listen-failed`.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const host = expectLoopback(options.host ?? "127.0.0.1");
  const { onFinding = "block", rules, found = () => {}, idleTimeoutMs = PROXY_LIMITS.idleTimeoutMs } = options;
  const guarded = { onFinding, rules, found };
  const upstream = new Upstream(options.upstream, idleTimeoutMs);
  const parts: ExchangeParts = {
    upstream,
    prompts: new PromptGuard(guarded),
    steps: new StepGuard(guarded),
    tokens: options.tokens && { ...options.tokens, asker: new LogprobAsker() },
  };
  const server = createServer({
    requestTimeout: PROXY_LIMITS.requestTimeoutMs,
    headersTimeout: PROXY_LIMITS.headersTimeoutMs,
    maxHeaderSize: PROXY_LIMITS.headerBytes,
  });
  server.maxConnections = PROXY_LIMITS.connections;
  // Later than the upstream's, so that a client hears why.
  server.timeout = 2 * idleTimeoutMs;
  const port = await listen(server, host, options.port ?? 0);
  const origins = originsOf(host, port);
  const hosts = new Set(origins.map((origin) => new URL(origin).host));
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const refused = refusedAtTheDoor(request, hosts);
    if (refused !== undefined) answerRefusal(request, response, refused);
    else void serve(parts, options.breaker, request, response);
  });
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    upstream.close();
  };
  return { url: origins[0] as string, port, close, [Symbol.asyncDispose]: close };
}

async function serve(
  parts: ExchangeParts,
  breaker: ProxyBreaker | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const ending = new AbortController();
  response.on("close", () => ending.abort());
  // Heard by whoever reads or writes; without a listener it would end the process.
  for (const stream of [request, response]) stream.on("error", () => {});
  let unwatch: (() => void) | undefined;
  const { method = "GET", url = "/" } = request;
  try {
    unwatch = breaker?.watch((reason) =>
      ending.abort(new RefusedError("breaker_open", `The breaker is open: ${reason}`)),
    );
    await new Exchange(parts, { request, response, wire: wireOf(method, url), signal: ending.signal }).run();
  } catch (error) {
    process.emitWarning(error as Error);
    response.destroy();
  } finally {
    unwatch?.();
  }
}

/**
 * The name in `Host` must be ours: a page whose own name was pointed at this machine (DNS rebinding) carries its own there. No page of
 * another origin may ask either: a model server that wants no key would answer it.
 */
function refusedAtTheDoor({ headers, url = "" }: IncomingMessage, hosts: ReadonlySet<string>): Refusal | undefined {
  if (!hosts.has(headers.host ?? ""))
    return refusal("wrong_host", `This proxy answers to ${[...hosts].join(" and ")} only.`);
  const site = headers["sec-fetch-site"];
  const isForeign = headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
  if (isForeign || (site !== undefined && site !== "same-origin" && site !== "none"))
    return refusal("cross_site", "This request was made by a page of another site.");
  return url.startsWith("/") ? undefined : refusal("request_malformed", "Expected a path, beginning with a slash.");
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const message = `Cannot listen on ${host} port ${port}: ${error.message}`;
      reject(new ZtlError("listen-failed", message, { port }, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners("error");
      resolve((server.address() as AddressInfo).port);
    });
  });
}
