import type { Caller } from "../handles/caller.ts";

/** Whose workspace a conversation's calls share. No two owners are alike: each is the JSON of what it is made of. */
export function conversationsWorkspace({ agent, conversation }: Pick<Caller, "agent" | "conversation">): string {
  return JSON.stringify(["conversation", agent, conversation]);
}

/** That of a call which sees the host's files as they are. */
export function callsOwnWorkspace(runId: string): string {
  return JSON.stringify(["fresh", runId]);
}
