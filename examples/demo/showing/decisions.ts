import type { Review, ZeroTrustLoop } from "../../../src/loop/index.ts";
import { startServer } from "../../../src/server/index.ts";
import { tellPending } from "../story/tell-reviews.ts";
import { decideOverApi } from "./api-reviewer.ts";
import { waitForPerson } from "./person.ts";
import type { Stage } from "./stage.ts";

/** Serves the page and waits until a person decided there, or decides over its interface; the rest is rejected. */
export async function decide(loop: ZeroTrustLoop, { narrator, signal }: Stage, isAuto: boolean): Promise<void> {
  const pending = await allReviews(loop);
  if (pending.length === 0) return narrator.say("  Nothing waits.");
  const server = await startServer(loop);
  try {
    if (isAuto) {
      narrator.say("  Nobody is asked here, so this program decides, over the page's HTTP interface:");
      await decideOverApi(server, signal);
      return;
    }
    narrator.say("  This waits:");
    tellPending(narrator, pending);
    narrator.say(`  Open this page:  ${server.url}`, "title");
    narrator.say(
      "  There, open the changed files, choose prices.csv and report.md, look at the diff, and press Approve chosen files. Look at " +
        "the others, too; the hook needs a yes of its own. Then press Enter here: what is undecided is rejected. Ctrl-C ends the demo.",
    );
    await waitForPerson(loop, signal);
  } finally {
    await server.close();
  }
}

/** What nobody agreed to is rejected. */
export async function rejectRest(loop: ZeroTrustLoop): Promise<void> {
  for (const { id } of await loop.reviews.list()) {
    await loop.reviews.reject(id, { reviewer: "demo", message: "Nobody agreed in time." });
  }
}

/** Oldest first. */
export async function allReviews(loop: ZeroTrustLoop): Promise<readonly Review[]> {
  const list = await loop.reviews.list({ state: "all" });
  const reviews = await Promise.all(list.map(({ id }) => loop.reviews.get(id)));
  return reviews.filter((review) => review !== undefined).reverse();
}
