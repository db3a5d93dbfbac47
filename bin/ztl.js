#!/usr/bin/env node
// Starts ztl with a Node that can run it. Kept to what Node 18 understands, so that an old Node gets an answer, not a stack trace.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync } from "node:fs";
import module from "node:module";
import { constants, homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
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

/** From the sources in a clone, and from what they were built into in the package. */
function importOwn(...place) {
  const source = join(ROOT, "src", ...place);
  return import(existsSync(`${source}.ts`) ? `${source}.ts` : `${join(ROOT, "dist", "src", ...place)}.js`);
}

/** As src/base/user-directories.ts finds it. */
function ownDirectory() {
  const named = process.env.XDG_CACHE_HOME ?? "";
  const home = isAbsolute(homedir()) ? homedir() : userInfo().homedir;
  return join(isAbsolute(named) ? named : join(home, ".cache"), "zero-trust-loop");
}

/**
 * The place for compiled code that src/sandbox/templates/compile-cache.ts once made, checked as it does it there. Not by it:
 * before there is a cache, Node needs longer to read TypeScript than for all the rest.
 */
function madeCompileCache() {
  const root = ownDirectory();
  const isPrivate = ({ uid, mode }) => uid === BigInt(process.getuid()) && (mode & 0o077n) === 0n;
  const rootStatus = lstatSync(root, { bigint: true });
  if (!rootStatus.isDirectory() || !isPrivate(rootStatus)) return undefined;
  return readdirSync(root)
    .filter((name) => name.startsWith("compile-"))
    .map((name) => join(root, name))
    .find((path) => {
      const status = lstatSync(path, { bigint: true });
      const { dev, ino, birthtimeNs } = status;
      if (!status.isDirectory() || !isPrivate(status) || birthtimeNs === 0n) return false;
      const origin = createHash("sha256").update(`ztl-origin-v1 ${dev} ${ino} ${birthtimeNs}`).digest("hex");
      return path === join(root, `compile-${origin.slice(0, 32)}`);
    });
}

/** Compiled code is kept between starts, where nobody else can put any; without such a place ztl just starts slower. */
async function useCompileCache() {
  try {
    const made = existsSync(ownDirectory()) ? madeCompileCache() : undefined;
    const directory = made ?? (await makeCompileCache());
    if (directory !== undefined) module.enableCompileCache(directory);
  } catch {
    // Read-only home, or none. What needs a cache directory says what is wrong with it.
  }
}

async function makeCompileCache() {
  const { compileCacheDirectory } = await importOwn("sandbox", "templates", "compile-cache");
  return compileCacheDirectory(ownDirectory());
}

async function start() {
  // Node 22 says of every start that type stripping is experimental.
  const { emitWarning } = process;
  process.emitWarning = (warning, ...rest) => {
    if (rest[0] !== "ExperimentalWarning" && rest[0]?.type !== "ExperimentalWarning")
      emitWarning.call(process, warning, ...rest);
  };
  await useCompileCache();
  const { main } = await importOwn("cli", "main");
  await main(process.argv.slice(2));
}

if (isNewEnough(process.versions.node)) await start();
else startWithPinnedNode();
