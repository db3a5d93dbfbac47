import { constants, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX } from "../limits.ts";
import { parseConfig } from "./parse.ts";
import { configInvalid } from "./problem.ts";
import type { ResolvedConfig } from "./schema.ts";

/** EF BB BF, U+FEFF as UTF-8. */
const BYTE_ORDER_MARK = Buffer.from("\ufeff");
const MODULES = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"]);
/** For parseJson, which recurses; `copyPlainData` tells the place of what is nested more than CONFIG_DEPTH_MAX. */
const JSON_DEPTH_MAX = 8 * CONFIG_DEPTH_MAX;

/**
 * Reads a configuration: JSON, or a module that exports `config` (or a default). A module is run to read it, once per process,
 * so `path` must be one that somebody named; {@link findConfig} finds JSON only.
 * Throws ZtlError `config-not-found` and `config-invalid`.
 */
export async function loadConfig(path: string): Promise<ResolvedConfig> {
  const file = resolve(path);
  const value = MODULES.has(extname(file)) ? await readModule(file) : await readJson(file);
  return parseConfig(value, { directory: dirname(file), file });
}

async function readJson(file: string): Promise<unknown> {
  const bytes = await readBounded(file).catch((error: unknown) => {
    throw notFound(file, error);
  });
  if (bytes.length > CONFIG_BYTES_MAX)
    throw configInvalid(file, [{ path: "", message: `has more bytes; ${CONFIG_BYTES_MAX} are the most` }]);
  try {
    // A byte order mark is no part of JSON, but some editors write one.
    const text = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
    return parseJson(text, { bytesMax: CONFIG_BYTES_MAX, depthMax: JSON_DEPTH_MAX, loneSurrogates: "allow" });
  } catch (error) {
    throw configInvalid(file, [{ path: "", message: `is not JSON: ${(error as Error).message}` }], { cause: error });
  }
}

/** A byte more than a configuration may have, at most. Opening a named pipe must not wait, nor reading a device go on. */
async function readBounded(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile())
      throw Object.assign(new Error("no file"), { code: status.isDirectory() ? "EISDIR" : "it is no regular file" });
    const buffer = Buffer.alloc(CONFIG_BYTES_MAX + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    await handle.close();
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
