import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE_MODE } from "../../base/private-files.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { ZtlError } from "../../errors.ts";
import { DEFAULT_LIMITS } from "../../linux/limits.ts";
import { loadImage } from "../../vmm/index.ts";
import type { SandboxEvent } from "../call.ts";
import { CellHandle } from "../cell/handle.ts";
import { cellLauncher, cellMemoryBytes } from "../cell/launcher.ts";
import type { BuiltReply } from "../cell/protocol.ts";
import { builtOf } from "../cell/reply/built.ts";
import { BUILT_LIMITS } from "../cell/reply-limits.ts";
import { recipeKey, type TemplateRecipe } from "./recipe.ts";
import { imageDigest, type Template, TemplateStore, templateKey } from "./store.ts";

/**
 * A template is built once, from the host's own programs, of which each starts in less time than a cell may take to start:
 * generous, but bounded. The cell itself, which has to start and to write the image, gets once more that time.
 */
const BUILD_FACTOR = 4;
/** Of an image beside the guest's memory: the machine's own pages (cell/build.ts) and the manifest. */
const IMAGE_OVERHEAD_BYTES = 96 * 1024 * 1024;

export interface ProviderOptions {
  /** False keeps nothing on disk. */
  readonly cacheDirectory: string | false;
  readonly compileCache: string | undefined;
  /** What a cell may take to start. */
  readonly startTimeoutMs: number;
  readonly onEvent: (event: SandboxEvent) => void;
}

/** Gets the template of a recipe: from the store when what is there may be used, else built by a cell. */
export async function provideTemplate(recipe: TemplateRecipe, options: ProviderOptions): Promise<Template> {
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  if (options.cacheDirectory === false) {
    const template = await buildUnstored(recipe, options);
    options.onEvent({ type: "template-built", template: recipe.name, durationMs: elapsed(), reason: "not-stored" });
    return template;
  }
  const store = new TemplateStore(options.cacheDirectory);
  const key = recipeKey(recipe);
  const { template, reason } = fromStore(store, key, recipe, options);
  if (template !== undefined) {
    options.onEvent({ type: "template-loaded", template: recipe.name, durationMs: elapsed() });
    return template;
  }
  const built = await buildStored(store, key, recipe, options);
  options.onEvent({ type: "template-built", template: recipe.name, durationMs: elapsed(), reason });
  return built;
}

/** Refusals that a rebuild mends; anything else is a fault to be shown. */
const REBUILD = new Set([
  "template-cache-corrupt",
  "template-stale",
  "snapshot-corrupt",
  "snapshot-incompatible",
  "snapshot-missing",
  "snapshot-untrusted",
]);

function fromStore(
  store: TemplateStore,
  key: string,
  recipe: TemplateRecipe,
  options: ProviderOptions,
): { template: Template | undefined; reason: string } {
  try {
    return { template: store.load(key), reason: "template-missing" };
  } catch (error) {
    if (!ZtlError.isInstance(error) || !REBUILD.has(error.code)) throw error;
    options.onEvent({ type: "template-refused", template: recipe.name, code: error.code, message: error.message });
    return { template: undefined, reason: error.code };
  }
}

async function buildStored(
  store: TemplateStore,
  key: string,
  recipe: TemplateRecipe,
  options: ProviderOptions,
): Promise<Template> {
  const { directory, imagePath } = store.stage();
  try {
    const built = await buildInCell(recipe, imagePath, options);
    const { fd, image } = loadImage(imagePath);
    // Read before the directory is moved into place.
    const snapshotKey = templateKey(JSON.stringify(built.kernel), imageDigest(imagePath));
    store.commit(key, directory, built.kernel, [...built.reads, ...recipe.watch]);
    return { key: snapshotKey, memoryFd: fd, machine: image, kernel: built.kernel };
  } catch (error) {
    store.discard(directory);
    throw error;
  }
}

async function buildUnstored(recipe: TemplateRecipe, options: ProviderOptions): Promise<Template> {
  const directory = temporaryDirectory("ztl-template-");
  try {
    const imagePath = join(directory, "memory.img");
    const built = await buildInCell(recipe, imagePath, options);
    const { fd, image } = loadImage(imagePath);
    const key = templateKey(JSON.stringify(built.kernel), imageDigest(imagePath));
    return { key, memoryFd: fd, machine: image, kernel: built.kernel };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function buildInCell(recipe: TemplateRecipe, imagePath: string, options: ProviderOptions): Promise<BuiltReply> {
  const fileBytesMax = recipe.memoryBytes + IMAGE_OVERHEAD_BYTES;
  const { mounts, memoryBytes } = recipe;
  const { compileCache, startTimeoutMs } = options;
  const timeMs = BUILD_FACTOR * startTimeoutMs;
  // The image is written from memory that is the guest's already.
  const group = cellMemoryBytes({ ...DEFAULT_LIMITS, memoryBytes });
  const launcher = cellLauncher({ mounts, compileCache, fileBytesMax, memoryBytes: group });
  // The cell gets the open file and no path that it could write to.
  const image = openSync(imagePath, "wx+", PRIVATE_FILE_MODE);
  const cell = new CellHandle({ launcher, memoryFd: image });
  closeSync(image);
  const timer = setTimeout(
    () => cell.kill("template-failed", `Building the ${recipe.name} template took too long`),
    timeMs + startTimeoutMs,
  );
  try {
    return await cell.request({
      message: { type: "build", recipe, timeMs },
      limits: BUILT_LIMITS,
      accept: builtOf,
    });
  } catch (error) {
    if (!ZtlError.isInstance(error)) throw error;
    throw new ZtlError(error.code, error.message, { ...error.details, template: recipe.name });
  } finally {
    clearTimeout(timer);
    await cell.close();
    launcher.close();
  }
}
