import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Proposal, Workspace, type WorkspaceOptions } from "../index.ts";
import { changesBetween, GUEST_ROOT } from "./changes-between.ts";

/** A host directory, a copy of it that a run may change at will, and a workspace between the two. */
export interface World {
  readonly place: string;
  readonly host: string;
  readonly guest: string;
  readonly workspace: Workspace;
}

export async function makeWorld(t: TestContext, options: Partial<WorkspaceOptions> = {}): Promise<World> {
  let opened: Workspace | undefined;
  // Before its directory goes.
  t.after(() => opened?.close());
  const place = temporaryDirectory(t);
  const host = join(place, "host");
  fs.mkdirSync(host);
  const workspace = await Workspace.open({ directory: join(place, "state"), ...options });
  opened = workspace;
  return { place, host, guest: join(place, "guest"), workspace };
}

export function temporaryDirectory(t: TestContext): string {
  const place = fs.mkdtempSync(join(tmpdir(), "ztl-workspace-"));
  t.after(() => fs.rmSync(place, { recursive: true, force: true }));
  return place;
}

/** What a run would propose that did `change` to the directory: the host stays as it is, the copy shows what is expected. */
export function proposalOf(
  { host, guest }: Pick<World, "host" | "guest">,
  change: (directory: string) => void,
  more: Partial<Proposal> = {},
): Proposal {
  fs.rmSync(guest, { recursive: true, force: true });
  execFileSync("cp", ["-a", host, guest]);
  change(guest);
  return {
    runId: "run",
    agent: "agent",
    tool: "shell",
    command: "sh -c …",
    roots: [{ hostRoot: host, guestRoot: GUEST_ROOT }],
    changes: changesBetween(host, guest),
    ...more,
  };
}

/** Proposes, approves all of it, and syncs. */
export async function carryOut(world: World, change: (directory: string) => void): Promise<string> {
  const set = await world.workspace.propose(proposalOf(world, change));
  await approveAll(world.workspace, set.id);
  const result = await world.workspace.sync(set.id);
  if (result.status !== "applied") throw new Error(JSON.stringify(result));
  return set.id;
}

export async function approveAll(workspace: Workspace, id: string): Promise<void> {
  const set = await workspace.get(id);
  const protectedFiles = set?.entries.filter((entry) => entry.protectedBecause.length > 0).map(({ path }) => path);
  const result = await workspace.approve(id, {
    hash: set?.hash ?? "",
    reviewer: "tester",
    protectedFiles: protectedFiles ?? [],
  });
  if (result.status !== "approved") throw new Error(JSON.stringify(result));
}
