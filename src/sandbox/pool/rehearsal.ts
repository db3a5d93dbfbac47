import { closeSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE_ROOT } from "../../base/package-root.ts";
import { PRIVATE_FILE_MODE } from "../../base/private-files.ts";
import { sha256Hex } from "../../base/sha256.ts";
import type { KernelConfig } from "../../linux/index.ts";
import { CellHandle } from "../cell/handle.ts";
import { cellLauncher, maskedBy } from "../cell/launcher.ts";
import { toWireConfig } from "../cell/protocol.ts";
import { readyOf } from "../cell/reply/ready.ts";
import { READY_LIMITS } from "../cell/reply-limits.ts";
import type { Template } from "../templates/store.ts";

/** Without a compile cache a cell takes a few times as long to start; with one it needs a small part of the time it may take. */
const REHEARSAL_FACTOR = 2;
const STAMP = "rehearsed-";

export interface Rehearsal {
  readonly compileCache: string;
  readonly config: KernelConfig;
  readonly memoryBytes: number;
  /** What a cell that has a compile cache may take. */
  readonly startTimeoutMs: number;
}

/**
 * Fills Node's compile cache. Machine code from the cache is believed by every later cell, so no cell that sees a guest's
 * bytes may write there: one that loads a template, and then ends without having run anything, does it for all.
 */
export async function rehearse(template: Template, rehearsal: Rehearsal): Promise<void> {
  const { compileCache, config, memoryBytes, startTimeoutMs } = rehearsal;
  const stamp = join(compileCache, `${STAMP}${programKey()}`);
  if (!claim(compileCache, stamp)) return;
  const launcher = cellLauncher({
    mounts: config.mounts,
    masked: maskedBy(config),
    compileCache,
    memoryBytes,
    fillsCompileCache: true,
  });
  const cell = new CellHandle({ launcher, memoryFd: template.memoryFd });
  const timeoutMs = startTimeoutMs * REHEARSAL_FACTOR;
  const timer = setTimeout(() => cell.kill("cell-start-failed", "The rehearsal took too long"), timeoutMs);
  try {
    const { machine, kernel } = template;
    const message = { type: "load", machine, kernel, config: toWireConfig(config), rehearsal: true } as const;
    await cell.request({ message, limits: READY_LIMITS, accept: readyOf });
  } catch {
    // Cells start slower without the cache, and say themselves what is wrong if something is.
    rmSync(stamp, { force: true });
  } finally {
    clearTimeout(timer);
    await cell.close();
    launcher.close();
  }
}

/** True for the one that is to do it. */
function claim(compileCache: string, stamp: string): boolean {
  try {
    closeSync(openSync(stamp, "wx", PRIVATE_FILE_MODE));
  } catch {
    return false;
  }
  for (const name of readdirSync(compileCache)) {
    const path = join(compileCache, name);
    if (name.startsWith(STAMP) && path !== stamp) rmSync(path, { force: true });
  }
  return true;
}

let key: string | undefined;

/** Names what is compiled: this Node, and our program files as they are now. */
function programKey(): string {
  key ??= sha256Hex(JSON.stringify([process.version, ...programFiles()])).slice(0, 16);
  return key;
}

function programFiles(): (string | number)[] {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  // The files of an installed package stay as they are.
  if (import.meta.url.endsWith(".js")) return [root, statSync(new URL("package.json", PACKAGE_ROOT)).mtimeMs];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) => [name, statSync(join(root, name)).mtimeMs]);
}
