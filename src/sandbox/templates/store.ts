import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cpus, release } from "node:os";
import { basename, join } from "node:path";
import { sha256Hex } from "../../base/sha256.ts";
import { ZtlError } from "../../errors.ts";
import { annexDigest, type KernelImage } from "../../linux/index.ts";
import { loadImage, type MachineImage } from "../../vmm/index.ts";
import { cacheKey, openCacheDirectory } from "./cache-directory.ts";
import { TEMPLATE_FORMAT } from "./recipe.ts";

/**
 * Sealed templates on disk. A stored snapshot is trusted input: whoever writes it decides what every later guest runs. So
 * each part is hashed, the hashes are authenticated with the user's key, and all of it is checked before use.
 */

const IMAGE_FILE = "memory.img";
const KERNEL_FILE = "kernel.json";
const MANIFEST_FILE = "manifest.json";
/** Magic, length and SHA-256 of the image's manifest (vmm/snapshot-file.ts). */
const IMAGE_HEADER_BYTES = 8 + 4 + 32;
/** A manifest names some hundred files; a larger one is not ours. */
const MANIFEST_BYTES_MAX = 16 * 1024 * 1024;
/** Left behind by a process that died while it built; nobody builds this long. */
const ABANDONED_AFTER_MS = 3600 * 1000;

/** A template ready to be loaded by cells. */
export interface Template {
  /** SHA-256 over memory image and personality state: equal keys mean equal snapshots. */
  readonly key: string;
  /** Sealed memory file: what is on disk cannot change it any more. The owner closes it. */
  readonly memoryFd: number;
  readonly machine: MachineImage;
  readonly kernel: KernelImage;
}

interface Manifest {
  readonly format: number;
  readonly key: string;
  readonly host: string;
  /** SHA-256 of each part. */
  readonly parts: Readonly<Record<typeof KERNEL_FILE | typeof IMAGE_FILE, string>>;
  /** Host files the template depends on, as they were. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a snapshot's memory depends on without naming it: it is not moved to another kernel or processor. */
function hostDescription(): string {
  return JSON.stringify([release(), cpus()[0]?.model ?? "", process.arch]);
}

/** Changes whenever the content of a host file, or the listing of a directory, can have changed. */
function identity(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return "absent";
  return [status.dev, status.ino, status.isDirectory() ? 0n : status.size, status.mtimeNs, status.ctimeNs].join(":");
}

/** The snapshot as a whole: what the personality keeps, and the digest that stands for all of the memory image. */
export function templateKey(kernelText: Uint8Array | string, imageDigest: string): string {
  return sha256Hex(`${sha256Hex(kernelText)} ${imageDigest}`);
}

function corrupt(reason: string): never {
  throw new ZtlError("template-cache-corrupt", `The stored template cannot be trusted: ${reason}`);
}

function stale(reason: string): never {
  throw new ZtlError("template-stale", `The stored template no longer fits this host: ${reason}`);
}

export class TemplateStore {
  readonly #directory: string;
  readonly #key: Buffer;

  /** Throws ZtlError `cache-unsafe` when others could write there. */
  constructor(cacheDirectory: string) {
    const root = openCacheDirectory(cacheDirectory);
    this.#key = cacheKey(root);
    this.#directory = openCacheDirectory(join(root, "templates"));
  }

  /**
   * The stored template, checked; undefined when there is none. Throws ZtlError `template-cache-corrupt` or
   * `template-stale` when there is one that must not be used.
   */
  load(key: string): Template | undefined {
    const place = join(this.#directory, key);
    const stored = readIfThere(join(place, MANIFEST_FILE));
    if (stored === undefined) return undefined;
    openCacheDirectory(place);
    const manifest = this.#authenticate(stored, key);
    this.#checkFresh(manifest);
    const kernelText = readIfThere(join(place, KERNEL_FILE)) ?? corrupt(`${KERNEL_FILE} is missing`);
    if (sha256Hex(kernelText) !== manifest.parts[KERNEL_FILE]) corrupt(`${KERNEL_FILE} was changed`);
    const kernel = JSON.parse(kernelText.toString("utf8")) as KernelImage;
    // Such a guest would have each of its calls answered by the host.
    if (kernel.annex !== undefined && kernel.annex !== annexDigest) stale("it holds another version's guest code");
    return {
      key: templateKey(kernelText, manifest.parts[IMAGE_FILE]),
      ...this.#loadMemory(place, manifest),
      kernel,
    };
  }

  /** A directory to build in; hand it to {@link commit} or {@link discard}. */
  stage(): { readonly directory: string; readonly imagePath: string } {
    this.#sweep();
    const directory = join(this.#directory, `.building-${process.pid}-${randomBytes(6).toString("hex")}`);
    mkdirSync(directory, { mode: 0o700 });
    return { directory, imagePath: join(directory, IMAGE_FILE) };
  }

  discard(directory: string): void {
    rmSync(directory, { recursive: true, force: true });
  }

  /**
   * Completes a staged template and puts it in place, replacing an older one. When another process does the same at the
   * same time one of the two stays; both are good.
   */
  commit(key: string, directory: string, kernel: KernelImage, dependsOn: readonly string[]): void {
    writeFileSync(join(directory, KERNEL_FILE), JSON.stringify(kernel), { mode: 0o600 });
    const parts = {
      [KERNEL_FILE]: sha256Hex(readFileSync(join(directory, KERNEL_FILE))),
      [IMAGE_FILE]: imageDigest(join(directory, IMAGE_FILE)),
    };
    const files = Object.fromEntries(dependsOn.map((path) => [path, identity(path)]));
    const manifest: Manifest = { format: TEMPLATE_FORMAT, key, host: hostDescription(), parts, files };
    const text = JSON.stringify(manifest);
    writeFileSync(join(directory, MANIFEST_FILE), `${this.#sign(text)}\n${text}\n`, { mode: 0o600 });
    const place = join(this.#directory, key);
    const old = `${directory}-old`;
    try {
      renameSync(place, old);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    try {
      renameSync(directory, place);
    } catch (error) {
      // Another process was quicker; its template is as good.
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      this.discard(directory);
    }
    this.discard(old);
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("hex");
  }

  /** First line: HMAC-SHA-256 of the second, which is the manifest. */
  #authenticate(stored: Buffer, key: string): Manifest {
    const [mac = "", text = ""] = stored.toString("utf8").split("\n");
    const expected = Buffer.from(this.#sign(text));
    const found = Buffer.from(mac);
    if (found.length !== expected.length || !timingSafeEqual(found, expected))
      corrupt("its manifest was not written with this user's key");
    const manifest = JSON.parse(text) as Manifest;
    if (manifest.format !== TEMPLATE_FORMAT) stale("it has another format");
    if (manifest.key !== key) corrupt("it is another template's");
    return manifest;
  }

  #checkFresh(manifest: Manifest): void {
    if (manifest.host !== hostDescription()) stale("the kernel or the processor is another");
    for (const [path, before] of Object.entries(manifest.files)) {
      if (identity(path) !== before) stale(`${path} has changed`);
    }
  }

  #loadMemory(place: string, manifest: Manifest): { memoryFd: number; machine: MachineImage } {
    const path = join(place, IMAGE_FILE);
    if (imageDigest(path) !== manifest.parts[IMAGE_FILE]) corrupt(`${IMAGE_FILE} was changed`);
    const { fd, image } = loadImage(path);
    return { memoryFd: fd, machine: image };
  }

  #sweep(): void {
    for (const name of readdirSync(this.#directory)) {
      if (!name.startsWith(".building-")) continue;
      const path = join(this.#directory, name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status !== undefined && Date.now() - status.mtimeMs > ABANDONED_AFTER_MS) this.discard(path);
    }
  }
}

/**
 * Digest of a memory image: its header, which holds the hash of its manifest, which holds the hash of its pages. Both of
 * those are checked when it is loaded (vmm/snapshot-file.ts).
 */
export function imageDigest(path: string): string {
  const header = Buffer.alloc(IMAGE_HEADER_BYTES);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return corrupt(`${IMAGE_FILE} is missing`);
  }
  try {
    if (!fstatSync(fd).isFile()) corrupt(`${IMAGE_FILE} is not a file`);
    if (readSync(fd, header) !== IMAGE_HEADER_BYTES) corrupt(`${IMAGE_FILE} is too short`);
    return sha256Hex(header);
  } finally {
    closeSync(fd);
  }
}

/** The content of a regular file of ours; a link, a pipe or a directory in its place is not. */
function readIfThere(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? undefined : corrupt(`${basename(path)} cannot be opened (${code})`);
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) corrupt(`${basename(path)} is not a file`);
    if (path.endsWith(MANIFEST_FILE) && status.size > MANIFEST_BYTES_MAX) corrupt("its manifest is too large");
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
