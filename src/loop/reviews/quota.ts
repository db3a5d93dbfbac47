import type { Consideration } from "../../policy/index.ts";
import { OPEN_REVIEWS, REVIEW_BYTES } from "../limits.ts";
import type { LoopParts } from "../parts.ts";

type Parts = Pick<LoopParts, "policy" | "reviewStore" | "workspace">;

/**
 * Why an agent makes no further call until people have decided: so much of it waits already that it would hide, or keep out, what
 * others wait for. Before the call, since what a call did could not be kept for anybody afterwards. Agents that the configuration
 * names by one pattern count together, as whoever makes one of them makes others.
 */
export function quotaRefusal(parts: Parts, agent: string): Consideration | undefined {
  const { policy } = parts;
  const { open = OPEN_REVIEWS, bytes: bytesMax = REVIEW_BYTES } = policy.config.reviews?.perAgent ?? {};
  const kin = policy.configuredAgent(agent);
  const isKin = (one: { readonly agent: string }): boolean => policy.configuredAgent(one.agent) === kin;
  const stored = parts.reviewStore.waiting().filter(isKin);
  const sets = parts.workspace.queue.counts().filter(isKin);
  const count = [...stored, ...sets].reduce((sum, one) => sum + one.count, 0);
  if (count >= open) return refusal(`${count} reviews of this agent wait already.`);
  const bytes = stored.reduce((sum, one) => sum + one.bytes, 0);
  return bytes >= bytesMax ? refusal(`What this agent asked about and nobody decided has ${bytes} bytes.`) : undefined;
}

function refusal(why: string): Consideration {
  return { rule: "review-quota", outcome: "refuses", why: `${why} Go on when people have decided some of it.` };
}
