#!/usr/bin/env node
// Starts ztl with a Node that can run it. Kept to what Node 18 understands, so that an old Node gets an answer, not a stack trace.
import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import module from "node:module";
import { constants, homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** First release that runs TypeScript without a flag; package.json's engines. */
const NODE_MIN = [22, 18];
/** As env(1) and timeout(1) report their own failures. */
const EXIT_FAILURE = 125;

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** Hands over to the Node that a clone has as a development dependency. */
function startWithPinnedNode() {
  const node = join(ROOT, "node_modules", ".bin", "node");
  if (!existsSync(node)) {
    console.error(
      `ztl: needs Node ${NODE_MIN.join(".")} or newer, this is ${process.versions.node}.\n` +
        "     In a clone, `npm ci` brings one; otherwise install a newer Node and run ztl with it.",
    );
    process.exit(EXIT_FAILURE);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`ztl: cannot start ${node}: ${error.message}`);
    process.exit(EXIT_FAILURE);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** Compiled code is kept between starts, in a directory nobody else can write to; without one ztl just starts slower. */
function useCompileCache() {
  const base = process.env.XDG_CACHE_HOME?.startsWith("/") ? process.env.XDG_CACHE_HOME : join(homedir(), ".cache");
  const own = join(base, "zero-trust-loop");
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const status = lstatSync(own);
    if (!status.isDirectory() || status.uid !== process.getuid() || (status.mode & 0o022) !== 0) return;
    module.enableCompileCache(join(own, "compile"));
  } catch {
    // Read-only home, or none.
  }
}

async function start() {
  useCompileCache();
  // Node 22 says of every start that type stripping is experimental.
  const { emitWarning } = process;
  process.emitWarning = (warning, ...rest) => {
    if (rest[0] !== "ExperimentalWarning" && rest[0]?.type !== "ExperimentalWarning")
      emitWarning.call(process, warning, ...rest);
  };
  const source = join(ROOT, "src", "cli", "main.ts");
  const { main } = await import(existsSync(source) ? source : join(ROOT, "dist", "cli", "main.js"));
  await main(process.argv.slice(2));
}

if (isNewEnough(process.versions.node)) await start();
else startWithPinnedNode();
