import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { expectLoopback, originsOf } from "../base/loopback-address.ts";
import { userName } from "../base/user-directories.ts";
import { ZtlError } from "../errors.ts";
import { createApp } from "./app.ts";
import type { Desk } from "./desk.ts";
import {
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  REVIEWER_CHARACTERS_MAX,
  TIMEOUT_CHECK_MS,
} from "./limits.ts";

export interface ServerOptions {
  /** `127.0.0.1` (the default) or `::1`. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** At least 32 characters; default 32 random bytes. Whoever has it may decide. */
  readonly token?: string;
  /** Signs decisions that come without a name. Default: this process's user. */
  readonly reviewer?: string;
}

export interface RunningServer extends AsyncDisposable {
  /** Opens the page in a browser; holds the token, so it is for the owner's eyes. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** Ends the event streams and closes every connection. The loop stays open. */
  close(): Promise<void>;
}

const TOKEN = /^[\x21-\x7e]{32,512}$/;

/**
 * Serves the page and the HTTP API of a loop on this machine alone. Throws ZtlError `not-loopback`, `token-invalid`,
 * `reviewer-invalid` or `listen-failed`.
 */
export async function startServer(loop: Desk, options: ServerOptions = {}): Promise<RunningServer> {
  const host = expectLoopback(options.host ?? "127.0.0.1");
  const token = options.token ?? randomBytes(32).toString("base64url");
  if (!TOKEN.test(token)) {
    throw new ZtlError("token-invalid", "Expected a token of 32 to 512 visible ASCII characters");
  }
  const reviewer = (options.reviewer ?? userName()).trim();
  if (reviewer === "" || reviewer.length > REVIEWER_CHARACTERS_MAX || !reviewer.isWellFormed()) {
    throw new ZtlError("reviewer-invalid", `Expected a reviewer's name of 1 to ${REVIEWER_CHARACTERS_MAX} characters`);
  }
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.timeout = IDLE_TIMEOUT_MS;
  const port = await listen(server, host, options.port ?? 0);
  const closing = new AbortController();
  const origins = originsOf(host, port);
  const app = createApp(loop, { origins, token, reviewer, closing: closing.signal });
  // Not `serve`: it would replace the whole process's Request and Response.
  server.on("request", getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const close = (): Promise<void> => closeServer(server, closing);
  return {
    url: `${origins[0]}/?token=${encodeURIComponent(token)}`,
    port,
    token,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(
        new ZtlError(
          "listen-failed",
          `Cannot listen on ${host} port ${port}: ${error.message}`,
          { port },
          { cause: error },
        ),
      );
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners("error");
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function closeServer(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
