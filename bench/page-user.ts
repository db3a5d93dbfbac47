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

async function ask({ method, path, json, form }: PageRequest): Promise<PageAnswer> {
  const isApi = path.startsWith("/api/");
  const type = json === undefined ? "application/x-www-form-urlencoded" : "application/json";
  const answer = await fetch(new URL(path, origin), {
    method,
    redirect: "manual",
    headers: {
      ...(isApi ? { authorization: `Bearer ${reviewerToken}` } : { cookie: cookies, origin }),
      ...(method === "POST" && { "content-type": type }),
    },
    ...(method === "POST" && { body: json ?? form ?? "" }),
  });
  const set = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  if (set.length > 0) cookies = [...cookies.split("; ").filter(Boolean), ...set].join("; ");
  return { status: answer.status, text: await answer.text(), location: answer.headers.get("location") ?? undefined };
}

parentPort?.on("message", async (request: PageRequest) => {
  try {
    parentPort?.postMessage({ answer: await ask(request) });
  } catch (error) {
    parentPort?.postMessage({ failed: String(error) });
  }
});
