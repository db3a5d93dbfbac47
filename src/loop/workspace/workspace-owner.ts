import type { Caller } from "../handles/caller.ts";
import type { LoopParts } from "../parts.ts";

/**
 * Whose workspace a conversation's calls share: its own, or that of all conversations that name it. No two owners are alike: each is
 * the JSON of what it is made of.
 */
export function conversationsWorkspace({
  agent,
  conversation,
  workspace,
}: Pick<Caller, "agent" | "conversation" | "workspace">): string {
  return JSON.stringify(workspace === undefined ? ["conversation", agent, conversation] : ["shared", workspace]);
}

/** Which files a call finds: one version of a workspace, and by what an agreement knows it again; or only the host's. */
export type Files =
  | { readonly kind: "workspace"; readonly spaceId: string; readonly version: number; readonly state: string }
  | { readonly kind: "fresh"; readonly state: string };

/** Looked up once for each call, before anything is decided: what was agreed to is what it runs on, whatever others change meanwhile. */
export function filesOf({ workspace }: LoopParts, caller: Caller, fresh: boolean): Files {
  if (fresh) return { kind: "fresh", state: "the host's" };
  return { kind: "workspace", ...workspace.spaces.place(conversationsWorkspace(caller), caller.agent) };
}

/** That of a call which sees the host's files as they are. */
export function callsOwnWorkspace(runId: string): string {
  return JSON.stringify(["fresh", runId]);
}
