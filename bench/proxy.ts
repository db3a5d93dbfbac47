import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as later } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { startProxy } from "../src/proxy/index.ts";
import { describeMachine } from "./machine.ts";
import { round, summarise } from "./statistics.ts";

/**
 * `npm run bench:proxy`: what the inference proxy adds to the first token of an answer, and to 20 streams of 200 tokens a second. A model
 * server that only plays one, the proxy and the client each have a thread of their own; asked directly and through the proxy in turn.
 */

const TOKENS_PER_SECOND = 200;
const BURST_TOKENS = 20_000;
const PATH = "/v1/chat/completions";

interface Ask {
  readonly tokens: number;
  /** 0: as fast as they are read. */
  readonly everyMs: number;
}

interface Answered {
  readonly firstMs: number;
  readonly allMs: number;
  readonly bytes: number;
}

/** One of the two servers, in a thread; tells its address. */
async function serve({ upstream }: { readonly upstream?: string }): Promise<void> {
  if (upstream !== undefined) {
    const proxy = await startProxy({ upstream: new URL(upstream), tokens: { told: () => {} } });
    parentPort?.postMessage(proxy.url);
    return;
  }
  const token = (index: number): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: ` word${index}` }, logprobs: null, finish_reason: null }] })}\n\n`;
  const server = createServer(async (incoming, response) => {
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    const { tokens, everyMs } = (JSON.parse(body) as { ask: Ask }).ask;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const begun = performance.now();
    for (let index = 0; index < tokens; index++) {
      if (!response.write(token(index))) await once(response, "drain");
      // By the clock, so that a late timer makes no later ones.
      const waitMs = begun + (index + 1) * everyMs - performance.now();
      if (everyMs > 0 && waitMs > 0) await later(waitMs);
    }
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1", () => {
    parentPort?.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

async function threadOf(data: object): Promise<{ worker: Worker; url: string }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  const [url] = (await once(worker, "message")) as [string];
  return { worker, url };
}

const agent = new Agent({ keepAlive: true });

/** A conversation with some results of tools in it, as agents send them. */
const messages = [
  { role: "user", content: "What is in these files?" },
  ...Array.from({ length: 8 }, (_, index) => ({
    role: "tool",
    tool_call_id: `${index}`,
    content: "line of a file\n".repeat(200),
  })),
];

async function ask(url: string, how: Ask): Promise<Answered> {
  const begun = performance.now();
  const sent = request(`${url}${PATH}`, { method: "POST", agent });
  sent.end(JSON.stringify({ model: "m", stream: true, messages, ask: how }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let firstMs = 0;
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes === 0) firstMs = performance.now() - begun;
    bytes += chunk.length;
  }
  return { firstMs, allMs: performance.now() - begun, bytes };
}

/** The same asked in both ways, one after the other, so that whatever else the machine does befalls both. */
async function inTurn(
  urls: readonly [direct: string, proxied: string],
  times: number,
  once: (url: string) => Promise<number>,
): Promise<readonly [direct: number[], proxied: number[]]> {
  const measured: [number[], number[]] = [[], []];
  for (let count = 0; count < times; count++) {
    const order = count % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    for (const which of order) measured[which].push(await once(urls[which]));
  }
  return measured;
}

const medianOf = (values: readonly number[]): number => summarise(values).p50;

function addedOf([direct, proxied]: readonly [number[], number[]]): number {
  return medianOf(proxied.map((one, index) => one - (direct[index] as number)));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean" },
      pairs: { type: "string", default: "300" },
      streams: { type: "string", default: "20" },
      seconds: { type: "string", default: "3" },
    },
  });
  const [pairs, streams, seconds] = [Number(values.pairs), Number(values.streams), Number(values.seconds)];
  const upstream = await threadOf({});
  const proxy = await threadOf({ upstream: upstream.url });
  const urls = [upstream.url, proxy.url] as const;
  const paced = { tokens: seconds * TOKENS_PER_SECOND, everyMs: 1000 / TOKENS_PER_SECOND };
  const first = async (url: string): Promise<number> => (await ask(url, { tokens: 1, everyMs: 0 })).firstMs;
  const all = async (url: string): Promise<number> => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: streams }, () => ask(url, paced)));
    return performance.now() - begun;
  };
  const burst = async (url: string): Promise<number> => (await ask(url, { tokens: BURST_TOKENS, everyMs: 0 })).allMs;
  await inTurn(urls, 30, first);
  const firsts = await inTurn(urls, pairs, first);
  const rates = await inTurn(urls, 5, all);
  const bursts = await inTurn(urls, 5, burst);
  await Promise.all([proxy.worker.terminate(), upstream.worker.terminate()]);
  agent.destroy();
  const figures = {
    machine: describeMachine(),
    firstTokenMs: { direct: summarise(firsts[0]), proxied: summarise(firsts[1]), addedMedian: round(addedOf(firsts)) },
    streams: {
      count: streams,
      tokensPerSecond: TOKENS_PER_SECOND,
      directMs: medianOf(rates[0]),
      proxiedMs: medianOf(rates[1]),
    },
    addedToStreamsPercent: round((addedOf(rates) / medianOf(rates[0])) * 100),
    unpaced: {
      tokensPerSecondDirect: Math.round(BURST_TOKENS / (medianOf(bursts[0]) / 1000)),
      tokensPerSecondProxied: Math.round(BURST_TOKENS / (medianOf(bursts[1]) / 1000)),
    },
  };
  if (values.json) console.log(JSON.stringify(figures));
  else console.dir(figures, { depth: 4 });
}

if (isMainThread) await main();
else await serve(workerData as { readonly upstream?: string });
