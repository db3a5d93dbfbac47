import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ByteString, EMPTY, toByteString } from "../../base/byte-string.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { unless } from "../../base/system-error.ts";
import type { RunComparison } from "../../ledger/index.ts";
import type { SandboxTool } from "../../policy/index.ts";
import type { SpaceView } from "../../workspace/index.ts";
import type { RecordedChange } from "./changes.ts";

/**
 * What a recorded run changed tells what it started from, too: a file it added was not there, one it changed had another
 * content. The first of these that the host no longer has, such as one whose change was approved since; undefined when all
 * are as they were.
 */
export function changedBase(
  tool: SandboxTool,
  changes: readonly RecordedChange[],
  { entries }: SpaceView,
): Extract<RunComparison, { same: false }> | undefined {
  for (const { path, pathBase64, change, baseSha256 } of changes) {
    const host = pathBase64 === undefined ? hostPathOf(tool, path) : undefined;
    // What lay in the workspace is rebuilt from its history.
    if (host === undefined || entries.has(toRealName(host))) continue;
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

/** As the workspace names it; a file whose directory is gone is in none. */
function toRealName(host: string): ByteString {
  const directory = realpathOrNothing(dirname(host));
  return directory === undefined ? EMPTY : toByteString(join(directory, basename(host)));
}

function realpathOrNothing(path: string): string | undefined {
  return unless(["ENOENT", "ENOTDIR"], () => realpathSync(path));
}

/** SHA-256 in hexadecimal of a regular file; for others only whether there is anything. */
function hashOf(host: string): string {
  const status = lstatSync(host, { throwIfNoEntry: false });
  if (status === undefined) return "nothing";
  return status.isFile() ? sha256Hex(readFileSync(host)) : "something";
}
