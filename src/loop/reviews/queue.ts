import type { QueuePlace } from "../../workspace/index.ts";

/**
 * In which order people are shown what waits: the oldest of each agent first, then the second of each, and so on. However much one
 * agent asks, what another asked stands near the top.
 */
export function inTurn<T extends QueuePlace>(reviews: readonly T[], kinOf: (agent: string) => string): readonly T[] {
  const byAge = reviews.toSorted(older);
  const rounds = new Map<string, number>();
  const ranked = byAge.map((review) => {
    const kin = kinOf(review.agent);
    const round = rounds.get(kin) ?? 0;
    rounds.set(kin, round + 1);
    return { review, round };
  });
  return ranked.sort((a, b) => a.round - b.round || older(a.review, b.review)).map(({ review }) => review);
}

function older(a: QueuePlace, b: QueuePlace): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

/** So many, from the one after `after` on; from the first one when that is not among them any more. */
export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): readonly T[] {
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  return items.slice(start, start + limit);
}
