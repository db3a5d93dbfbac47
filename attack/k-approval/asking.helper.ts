import assert from "node:assert/strict";
import type { ZeroTrustLoop } from "../../src/index.ts";
import { talk } from "../../src/loop/testing.ts";

export const DEPLOY = { tool: "mail", input: { to: "a@example.org", text: "hello" } };

/** The loop's configuration with mail that always asks: no machine is needed to try what an approval is good for. */
export function askingAlways<C extends { tools: object }>(config: C): C {
  return { ...config, tools: { ...config.tools, mail: { external: true, effect: "outward", ask: "always" } } };
}

export async function ask(loop: ZeroTrustLoop, request = DEPLOY): Promise<{ id: string; hash: string }> {
  const asked = await talk(loop, "writer").permit(request);
  assert.ok(asked.status === "waiting", asked.status);
  const review = await loop.reviews.get(asked.reviewId);
  assert.ok(review !== undefined);
  return { id: review.id, hash: review.hash };
}
