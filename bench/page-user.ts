import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { parentPort, workerData } from "node:worker_threads";

/**
 * Somebody at the review page, in a thread of their own: what a browser does with an answer is no work of the server's. Gets requests as
 * messages, and says what came of each.
 */

export interface PageRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** As a program sends it, with a reviewer's token; without, as a browser does. */
  readonly json?: string;
  readonly form?: string;
}

export interface PageAnswer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

export interface PageUser {
  /** The page's address, with its token. */
  readonly url: string;
  readonly reviewerToken: string;
}

const { url, reviewerToken } = workerData as PageUser;
const { origin } = new URL(url);
let cookies = "";

/** By hand: `fetch` gives up when an answer takes longer than five minutes, which on a busy machine a large change set may. */
async function ask({ method, path, json, form }: PageRequest): Promise<PageAnswer> {
  const isApi = path.startsWith("/api/");
  const body = Buffer.from(method === "POST" ? (json ?? form ?? "") : "");
  const type = json === undefined ? "application/x-www-form-urlencoded" : "application/json";
  const headers = {
    ...(isApi ? { authorization: `Bearer ${reviewerToken}` } : { cookie: cookies, origin }),
    ...(method === "POST" && { "content-type": type, "content-length": body.length }),
  };
  const sent = request(new URL(path, origin), { method, headers, agent: false });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const set = (answer.headers["set-cookie"] ?? []).map((cookie) => cookie.split(";")[0]);
  if (set.length > 0) cookies = [...cookies.split("; ").filter(Boolean), ...set].join("; ");
  return { status: answer.statusCode ?? 0, text: await text(answer), location: answer.headers.location };
}

parentPort?.on("message", async (asked: PageRequest) => {
  try {
    parentPort?.postMessage({ answer: await ask(asked) });
  } catch (error) {
    parentPort?.postMessage({ failed: String(error) });
  }
});
