import { json } from "node:stream/consumers";
import { requestLoopback } from "../../../src/base/loopback-request.ts";
import { ZtlError } from "../../../src/errors.ts";
import type { Review, ReviewSummary } from "../../../src/loop/index.ts";
import type { RunningServer } from "../../../src/server/index.ts";
import { isWanted, unwantedFiles } from "./wanted.ts";

const NOBODY_ASKED = "Nobody asked for this.";

/** Decides everything that waits, over the server's HTTP interface as another program would. Throws ZtlError `decision-failed`. */
export async function decideOverApi({ port, token }: RunningServer, signal: AbortSignal): Promise<void> {
  const api = async (path: string, body?: object): Promise<unknown> => {
    const response = await requestLoopback(new URL(`http://127.0.0.1:${port}/api/reviews${path}`), {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { method: "POST" as const, body: JSON.stringify(body) }),
      signal,
    });
    const answer: unknown = await json(response.body);
    if (!response.ok) throw new ZtlError("decision-failed", `The server answered ${response.status}`, { path, answer });
    return answer;
  };
  const { reviews } = (await api("?state=pending")) as { reviews: readonly ReviewSummary[] };
  for (const { id } of reviews) {
    let review = (await api(`/${id}`)) as Review;
    const unwanted = unwantedFiles(review);
    if (unwanted.length > 0) {
      await api(`/${id}/reject`, { hash: review.hash, reviewer: "demo", message: NOBODY_ASKED, files: unwanted });
      review = (await api(`/${id}`)) as Review;
    }
    const decision = isWanted(review) ? "approve" : "reject";
    const message = decision === "approve" ? {} : { message: NOBODY_ASKED };
    await api(`/${id}/${decision}`, { hash: review.hash, reviewer: "demo", ...message });
  }
}
