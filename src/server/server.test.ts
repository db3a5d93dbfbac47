import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { ZtlError } from "../errors.ts";
import { Ledger } from "../ledger/index.ts";
import { CATCH_UP_ENTRIES_MAX, EVENT_CLIENTS_MAX, HEADER_BYTES_MAX } from "./limits.ts";
import { type RunningServer, startServer } from "./server.ts";
import { summary, TestDesk } from "./testing.ts";

/** The server on a real socket. */

const GLOBALS = [globalThis.Request, globalThis.Response];

let directory: string;
let ledger: Ledger;
let desk: TestDesk;
let server: RunningServer;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ztl-server-"));
  ledger = await Ledger.open({ directory });
  desk = new TestDesk(ledger);
  server = await startServer(desk, { reviewer: "tester" });
});
after(async () => {
  await server.close();
  await ledger.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => desk.all.clear());

const origin = (): string => new URL(server.url).origin;
const get = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${origin()}${path}`, {
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    redirect: "manual",
    ...(signal ? { signal } : {}),
  });

function rejectsWith(code: string, action: () => Promise<unknown>): Promise<void> {
  return assert.rejects(action, (error) => ZtlError.isInstance(error) && error.code === code);
}

test("it listens on this machine alone, with a token nobody can guess", async () => {
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
  const other = await startServer(desk);
  assert.notEqual(other.token, server.token);
  await other.close();
  for (const host of ["0.0.0.0", "::", "localhost", "192.168.0.1", ""])
    await rejectsWith("not-loopback", () => startServer(desk, { host }));
  for (const token of ["short", "x".repeat(31), `${"x".repeat(40)} y`, "ü".repeat(40)])
    await rejectsWith("token-invalid", () => startServer(desk, { token }));
  await rejectsWith("reviewer-invalid", () => startServer(desk, { reviewer: " " }));
  await rejectsWith("listen-failed", () => startServer(desk, { port: server.port }));
});

test("the printed address opens the page", async () => {
  const opened = await fetch(server.url, { redirect: "manual" });
  assert.equal(opened.status, 303);
  const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  assert.ok(!cookie.includes(server.token));
  const page = await fetch(`${origin()}${opened.headers.get("location")}`, { headers: { cookie } });
  assert.equal(page.status, 200);
  for (const [, path] of (await page.text()).matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)) {
    const asset = await fetch(`${origin()}${path}`);
    assert.equal(asset.status, 200, path);
    assert.ok((await asset.text()).length > 100);
  }
});

test("it also listens on ::1, where the address has brackets", async (t) => {
  const six = await startServer(desk, { host: "::1" }).catch((error: unknown) => error);
  if (six instanceof Error) return t.skip("SKIPPED, NOTHING IS VERIFIED: no ::1 on this machine");
  const { url, port, token, close } = six as RunningServer;
  assert.equal(new URL(url).host, `[::1]:${port}`);
  assert.equal(
    (await fetch(`http://[::1]:${port}/api/reviews`, { headers: { authorization: `Bearer ${token}` } })).status,
    200,
  );
  await close();
});

test("a process keeps its own Request and Response", () => {
  assert.deepEqual([globalThis.Request, globalThis.Response], GLOBALS);
});

/** Server-sent events as they arrive. */
async function follow(headers: Record<string, string> = {}) {
  const ended = new AbortController();
  const answer = await get("/api/events", headers, ended.signal);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/event-stream/);
  const reader = (answer.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  let text = "";
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`ended before ${pattern}; got ${text}`);
      text += value;
    }
    return text;
  };
  return { until, text: () => text, end: () => ended.abort(), closed: () => reader.closed };
}

test("one event for each entry, its index as the id; what is written by another process too", async () => {
  const stream = await follow();
  await stream.until(/following/);
  const other = await Ledger.open({ directory });
  const { index } = await other.append({ runId: "run-1", agent: "a\nb", kind: "note", body: { text: "secret text" } });
  await other.close();
  const text = await stream.until(/event: entry[\s\S]*\n\n/);
  assert.match(
    text,
    new RegExp(
      `event: entry\\ndata: \\{"index":${index},"kind":"note","runId":"run-1","agent":"a\\\\nb","time":"[^"]+"\\}\\nid: ${index}\\n\\n`,
    ),
  );
  assert.doesNotMatch(text, /secret text/);
  stream.end();
});

test("reviews that come, and decisions, are told", async () => {
  const stream = await follow();
  await stream.until(/following/);
  desk.add({ ...summary("new"), kind: "content", text: "", findings: [] });
  await stream.until(/event: reviews-changed/);
  const once = stream.text().length;
  await ledger.append({ kind: "sync", body: { changeSetSha256: "0".repeat(64), outcome: "undone" } });
  await stream.until(new RegExp(`^[\\s\\S]{${once},}event: reviews-changed`));
  stream.end();
});

test("who was away gets what was missed, or is told to read anew", async () => {
  const first = (await ledger.append({ kind: "note", body: { text: "one" } })).index;
  const second = (await ledger.append({ kind: "note", body: { text: "two" } })).index;
  const stream = await follow({ "last-event-id": String(first) });
  const text = await stream.until(new RegExp(`id: ${second}\\n`));
  assert.ok(!text.includes(`id: ${first}\n`));
  stream.end();
  await Promise.all(
    Array.from({ length: CATCH_UP_ENTRIES_MAX + 1 }, () => ledger.append({ kind: "note", body: { text: "x" } })),
  );
  const late = await follow({ "last-event-id": String(first) });
  assert.match(await late.until(/id: \d+\n\n/), /event: reset\ndata: \{\}\nid: \d+\n\n/);
  assert.doesNotMatch(late.text(), /event: entry/);
  late.end();
});

test("the number of followers is bounded, and a place that is left is free again", async () => {
  const streams = await Promise.all(Array.from({ length: EVENT_CLIENTS_MAX }, () => follow()));
  assert.equal((await get("/api/events")).status, 503);
  streams[0]?.end();
  for (;;) {
    const answer = await get("/api/events");
    const { status } = answer;
    await answer.body?.cancel();
    if (status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const stream of streams) stream.end();
});

function rawConnection(text: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1", () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on("error", () => {});
  });
}

test("connections that dawdle do not keep others waiting, and are closed", async () => {
  const dawdlers = await Promise.all([
    ...Array.from({ length: 20 }, () => rawConnection("GET / HT")),
    ...Array.from({ length: 20 }, () =>
      rawConnection(
        `POST /api/reviews/x/approve HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 100\r\n\r\n{`,
      ),
    ),
  ]);
  assert.equal((await get("/api/reviews")).status, 200);
  await Promise.all(dawdlers.map((socket) => new Promise((resolve) => socket.once("close", resolve).resume())));
});

test("headers have a bound", async () => {
  const socket = await rawConnection(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(HEADER_BYTES_MAX)}\r\n\r\n`);
  const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
  assert.match(answer, /^HTTP\/1\.1 431/);
  socket.destroy();
});

test("closing ends streams and connections, and leaves the loop alone", async () => {
  const own = await startServer(desk);
  const answer = await fetch(`http://127.0.0.1:${own.port}/api/events`, {
    headers: { authorization: `Bearer ${own.token}` },
  });
  const idle = connect(own.port, "127.0.0.1");
  idle.on("error", () => {});
  await own.close();
  await assert.rejects(async () => {
    for await (const _ of answer.body as ReadableStream<Uint8Array>);
  });
  await assert.rejects(fetch(`http://127.0.0.1:${own.port}/`));
  assert.ok((ledger.head()?.size ?? 0) > 0);
});
