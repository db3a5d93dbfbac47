import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ledger } from "../../src/ledger/index.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { HASH, summary, TestDesk, TOKEN } from "../../src/server/testing.ts";
import type { Fuzzer } from "../fuzzer.ts";
import { encoded, mutated } from "../mutation.ts";

/** Longer than any answer takes here; a request that the server waits for to go on ends with the connection. */
const ANSWER_MS = 300;

const get = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n${more}Connection: close\r\n\r\n`;
const post = (path: string, body: string, more = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
  `${more}Connection: close\r\n\r\n${body}`;
const decision = JSON.stringify({ hash: HASH, reviewer: "somebody" });

const samples = encoded([
  get("/"),
  get("/reviews/r1", "Cookie: ztl=x\r\nSec-Fetch-Site: same-origin\r\n"),
  get("/api/reviews?state=all&limit=5", "Authorization: Bearer wrong\r\n"),
  get("/api/ledger?from=0", "Range: bytes=0-1\r\n"),
  post("/api/reviews/r1/approve", decision),
  post("/reviews/r1/approve", "csrf=x&hash=y", "Origin: http://127.0.0.1:PORT\r\n"),
]);
const words = encoded([
  ...[
    "\r\n",
    "\0",
    "%00",
    "%2e%2e/",
    "..\\",
    "//",
    "?",
    "#",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 0\r\n",
  ],
  ...[
    "Expect: 100-continue\r\n",
    "Upgrade: websocket\r\n",
    "Host: evil.example\r\n",
    "Bearer ",
    "HTTP/2.0",
    "0\r\n\r\n",
  ],
]);

let server: RunningServer;
let desk: TestDesk;

function exchange(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port: server.port });
    const end = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("latin1").setTimeout(ANSWER_MS, end);
    socket.on("data", (text: string) => {
      answer = (answer + text).slice(0, 4096);
    });
    socket
      .once("error", end)
      .once("close", end)
      .once("connect", () => socket.end(bytes));
  });
}

/** Without the token nothing is decided and nothing of a review is told, whatever the bytes; and the server goes on. */
export const fuzzer: Fuzzer = {
  what: "the page's server on loopback, with raw bytes that are nearly HTTP requests",
  open: async () => {
    const directory = mkdtempSync(join(tmpdir(), "ztl-fuzz-http-"));
    const ledger = await Ledger.open({ directory });
    desk = new TestDesk(ledger);
    const decided = { decision: "ask", rule: "r", reason: "r", considered: [] } as const;
    desk.add({ ...summary("r1"), kind: "call", input: '{"secret":"CANARY"}', decision: decided });
    server = await startServer(desk, { token: TOKEN });
    return async () => {
      await server.close();
      await ledger.close();
      rmSync(directory, { recursive: true, force: true });
    };
  },
  make: (random) => mutated(random, samples, words),
  check: async (input) => {
    const bytes = Buffer.from(Buffer.from(input).toString("latin1").replaceAll("PORT", String(server.port)), "latin1");
    const answer = await exchange(bytes);
    assert.doesNotMatch(answer, /^HTTP\/1\.\d 5\d\d|CANARY/);
    assert.deepEqual(desk.decisions, []);
  },
};
