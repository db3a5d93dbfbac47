import { lstatSync, readFileSync } from "node:fs";
import { sha256Hex } from "../../base/sha256.ts";
import type { RunComparison } from "../../ledger/index.ts";
import type { SandboxTool } from "../../policy/index.ts";
import type { RecordedChange } from "../recording/changes.ts";

/**
 * What a recorded run changed tells what it started from, too: a file it added was not there, one it changed had another
 * content. The first of these that the host no longer has, such as one whose change was approved since; undefined when all
 * are as they were.
 */
export function changedBase(
  tool: SandboxTool,
  changes: readonly RecordedChange[],
): Extract<RunComparison, { same: false }> | undefined {
  for (const { path, pathBase64, change, baseSha256 } of changes) {
    const host = pathBase64 === undefined ? hostPathOf(tool, path) : undefined;
    if (host === undefined) continue;
    const wasThere = !change.startsWith("add");
    const recorded = wasThere ? (baseSha256 ?? "something") : "nothing";
    const found = hashOf(host);
    if (found === recorded || (recorded === "something" && found !== "nothing")) continue;
    // A replaced kind of thing is a delete and an add of one path; the delete speaks for it.
    if (!wasThere && changes.some((other) => other.path === path && other.change.startsWith("delete"))) continue;
    const message = `${JSON.stringify(path)} is not on the host as it was when the run began`;
    return { same: false, where: "input", path, recorded, replayed: found, message };
  }
  return undefined;
}

function hostPathOf(tool: SandboxTool, path: string): string | undefined {
  const mounts = tool.mounts.filter(
    ({ guest }) => path === guest || path.startsWith(guest === "/" ? "/" : `${guest}/`),
  );
  const nearest = mounts.sort((a, b) => b.guest.length - a.guest.length)[0];
  if (nearest === undefined) return undefined;
  return nearest.host + path.slice(nearest.guest === "/" ? 0 : nearest.guest.length);
}

/** SHA-256 in hexadecimal of a regular file; for others only whether there is anything. */
function hashOf(host: string): string {
  const status = lstatSync(host, { throwIfNoEntry: false });
  if (status === undefined) return "nothing";
  return status.isFile() ? sha256Hex(readFileSync(host)) : "something";
}
