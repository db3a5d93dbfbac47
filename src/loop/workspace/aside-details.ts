import { defined } from "../../base/optional.ts";
import type { Aside } from "../../workspace/index.ts";
import { wellFormed } from "../reviews/decisions.ts";
import type { SparedFile } from "../reviews/review.ts";

/** What somebody else did meanwhile, as an answer has it: nothing when nobody did anything. */
export function spared(aside: Aside | undefined): { spared?: readonly SparedFile[] } {
  if (aside === undefined) return {};
  const kept = new Map(aside.keptBeside.map(({ path, keptAs }) => [path, keptAs]));
  return { spared: aside.leftAlone.map((path) => ({ path, ...defined({ keptAs: kept.get(path) }) })) };
}

/** What somebody else did to the files meanwhile: paths that were left as they are, and where the version before is kept. */
export async function asideDetails(aside: Aside | undefined) {
  if (aside === undefined) return {};
  const { leftAlone, keptBeside } = aside;
  const kept = keptBeside.map(({ path, keptAs }) => ({ path: path.toWellFormed(), keptAs: keptAs.toWellFormed() }));
  return { leftAlone: await wellFormed(leftAlone), keptBeside: kept };
}
