import type { CommitResult, ProposedChange } from "../index.ts";
import type { SpaceReview } from "../spaces/space-reviews.ts";
import { GUEST_ROOT } from "./changes-between.ts";
import { proposalOf, type World } from "./world.ts";

/** Lays into an owner's workspace what a run would have changed that did `change` to the host's directory as it is now. */
export async function commitChange(
  world: World,
  change: (directory: string) => void,
  owner = "owner",
): Promise<CommitResult> {
  return await commitChanges(world, proposalOf(world, change).changes, owner);
}

export async function commitChanges(
  { host, workspace }: Pick<World, "host" | "workspace">,
  changes: readonly ProposedChange[],
  owner = "owner",
  runId = "run",
): Promise<CommitResult> {
  const view = await workspace.spaces.view(owner, "agent");
  return await workspace.spaces.commit(view, {
    ...{ runId, agent: "agent", tool: "shell", command: "sh -c …", labels: [], changes },
    roots: [{ hostRoot: host, guestRoot: GUEST_ROOT }],
  });
}

/** The review of everything pending, as a person is shown it. */
export async function reviewOf(world: Pick<World, "workspace">, { review }: CommitResult): Promise<SpaceReview> {
  const found = review === undefined ? undefined : await world.workspace.pending.get(review.id);
  if (found === undefined) throw new Error("nothing is pending");
  return found;
}
