import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ZtlError } from "../../errors.ts";
import { CONFIG_BYTES_MAX } from "../limits.ts";
import { parseConfig } from "./parse.ts";
import { configInvalid } from "./problem.ts";
import type { ResolvedConfig } from "./schema.ts";

const FILE_NAMES = ["ztl.config.json", "ztl.config.ts"] as const;
const MODULES = new Set([".ts", ".mts", ".js", ".mjs"]);

/**
 * The configuration file of a directory, or undefined. Directories above are not looked into: a file that somebody else may
 * write must not come to rule. Throws ZtlError `config-ambiguous` when there are two.
 */
export function findConfig(directory: string): string | undefined {
  const [path, second] = FILE_NAMES.map((name) => join(resolve(directory), name)).filter((path) => existsSync(path));
  if (second !== undefined)
    throw new ZtlError("config-ambiguous", `There are two configurations, ${path} and ${second}; keep one`);
  return path;
}

/**
 * Reads a configuration: JSON, or a module that exports `config` (or a default). A module is run to read it, once per process.
 * Throws ZtlError `config-not-found` and `config-invalid`.
 */
export async function loadConfig(path: string): Promise<ResolvedConfig> {
  const file = resolve(path);
  const value = MODULES.has(extname(file)) ? await readModule(file) : await readJson(file);
  return parseConfig(value, { directory: dirname(file), file });
}

async function readJson(file: string): Promise<unknown> {
  const { size } = await stat(file).catch((error: unknown) => {
    throw notFound(file, error);
  });
  if (size > CONFIG_BYTES_MAX)
    throw configInvalid(file, [{ path: "", message: `has ${size} bytes; ${CONFIG_BYTES_MAX} are the most` }]);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw notFound(file, error);
  });
  try {
    // A byte order mark is no part of JSON, but some editors write one.
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw configInvalid(file, [{ path: "", message: `is not JSON: ${(error as Error).message}` }], { cause: error });
  }
}

async function readModule(file: string): Promise<unknown> {
  if (!existsSync(file)) throw notFound(file);
  let module: { readonly config?: unknown; readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (error) {
    throw configInvalid(file, [{ path: "", message: `cannot be loaded: ${describe(error)}` }], { cause: error });
  }
  const value = module.config ?? module.default;
  if (value === undefined)
    throw configInvalid(file, [{ path: "", message: "must export its configuration as `config`, or as its default" }]);
  return value;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function notFound(file: string, cause?: unknown): ZtlError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "ENOENT";
  return new ZtlError(
    "config-not-found",
    `The configuration ${file} cannot be read (${code})`,
    { file, remedy: "`ztl policy init` writes one to begin with." },
    { cause },
  );
}
