import { invariant, ZtlError } from "../../errors.ts";
import { Descriptors } from "../files/descriptors.ts";
import type { OpenFile } from "../files/open-file.ts";
import { InputFile, OutputFile } from "../files/standard-streams.ts";
import type { Kernel } from "../kernel.ts";
import { AddressSpace } from "../memory/address-space.ts";
import { cacheBase, type PageCacheBase, type PageCacheImage } from "../memory/page-cache.ts";
import type { MappedFile, Vma } from "../memory/vma.ts";
import { identityOf } from "../process/identity.ts";
import { Process, type ResourceLimit } from "../process/process.ts";
import { ProgramStrings } from "../process/program-strings.ts";
import { type AltStack, SavedCpu, Task } from "../process/task.ts";
import type { SignalAction } from "../signals/signals.ts";
import type { VdsoImage } from "../vdso/vdso.ts";
import type { Inode } from "../vfs/index.ts";

/** Which stream of the host a sealed descriptor stands for. */
type StreamRole = "stdin" | "job" | "stdout" | "stderr";

interface VmaImage {
  readonly start: number;
  readonly end: number;
  readonly protection: number;
  readonly path?: string | undefined;
  readonly offset?: number | undefined;
  readonly growsDown?: boolean | undefined;
  readonly lazy?: boolean | undefined;
  readonly name?: string | undefined;
}

interface ActionImage extends Omit<SignalAction, "mask"> {
  readonly signal: number;
  readonly mask: string;
}

export interface ProcessImage {
  readonly pid: number;
  readonly rootTable: number;
  readonly vmas: readonly VmaImage[];
  readonly parked: readonly (readonly [number, number])[];
  readonly heapStart: number;
  readonly heapEnd: number;
  readonly arguments: AddressSpace["arguments"];
  readonly descriptors: readonly (readonly [descriptor: number, role: StreamRole, closeOnExec: boolean])[];
  readonly cwd: string;
  readonly umask: number;
  readonly executable: string;
  readonly commandLine: readonly string[];
  readonly environment: readonly string[];
  readonly actions: readonly ActionImage[];
  readonly limits: readonly (readonly [number, ResourceLimit])[];
  readonly task: {
    readonly name: string;
    readonly signalMask: string;
    readonly clearChildTid: number;
    readonly robustList: number;
    readonly altStack: AltStack;
  };
}

/** The personality's part of a template, as JSON: at most one process, asleep in the read that wants the job. */
export interface KernelImage {
  readonly nextPid: number;
  readonly cache: PageCacheImage;
  readonly vdso: VdsoImage;
  /** Digest of the code that system calls land in; absent where they go straight to the host. */
  readonly annex?: string | undefined;
  readonly process: ProcessImage | undefined;
}

/** Parsed page caches, kept however many runs start from them. */
const caches = new WeakMap<PageCacheImage, PageCacheBase>();

export function preparedCache({ cache }: KernelImage): PageCacheBase {
  let base = caches.get(cache);
  if (!base) {
    base = cacheBase(cache);
    caches.set(cache, base);
  }
  return base;
}

function refuse(reason: string): never {
  throw new ZtlError("template-not-sealable", `The template cannot be sealed: ${reason}.`);
}

export function sealKernel(kernel: Kernel, nextPid: number): KernelImage {
  const cache = kernel.cache.image();
  const alive = [...kernel.processes.values()].filter((process) => !process.exit);
  const process = alive[0];
  const vdso = kernel.vdso.pages;
  const annex = kernel.annex.digest;
  if (!process) return { nextPid, cache, vdso, annex, process: undefined };
  const [task] = process.tasks;
  if (alive.length > 1) refuse("more than one process is running");
  if (process.tasks.size > 1 || !task) refuse("its program has more than one thread");
  if (!task.wait || !kernel.job.waiting) refuse("its program does not wait for a job");
  if (kernel.scheduler.current !== task) refuse("its program is not the one on the CPU");
  return { nextPid, cache, vdso, annex, process: sealProcess(kernel, process, task) };
}

function sealProcess(kernel: Kernel, process: Process, task: Task): ProcessImage {
  const { memory } = process;
  return {
    pid: process.pid,
    rootTable: memory.tables.root,
    vmas: memory.vmas.all.map(sealVma),
    parked: [...memory.parked.all],
    heapStart: memory.heapStart,
    heapEnd: memory.heapEnd,
    arguments: memory.arguments,
    descriptors: [...process.files.all()].map(
      ([descriptor, file, closeOnExec]) => [descriptor, roleOf(file), closeOnExec] as const,
    ),
    cwd: kernel.vfs.pathname(process.fs.cwd),
    umask: process.fs.umask,
    executable: process.executable ? kernel.vfs.pathname(process.executable) : "",
    commandLine: process.strings.commandLine,
    environment: process.strings.environment,
    actions: [...process.actions.entries()].flatMap(([signal, action]) =>
      action ? [{ ...action, signal, mask: action.mask.toString() }] : [],
    ),
    limits: [...process.limits],
    task: {
      name: task.name,
      signalMask: task.signalMask.toString(),
      clearChildTid: task.clearChildTid,
      robustList: task.robustList,
      altStack: task.altStack,
    },
  };
}

function sealVma(vma: Vma): VmaImage {
  if (vma.shared) refuse("it has shared memory mapped");
  const { start, end, protection, growsDown, lazy, name } = vma;
  return { start, end, protection, growsDown, lazy, name, path: vma.file?.mapped.path, offset: vma.file?.offset };
}

function roleOf(file: OpenFile): StreamRole {
  if (file instanceof InputFile) return file.role;
  if (file instanceof OutputFile) return file.stream;
  return refuse(`it has ${JSON.stringify(file.label)} open`);
}

/** Looks a template's mapped file up only when one of its pages is wanted that was not there at the seal. */
class LazyFile implements MappedFile {
  readonly path: string;
  #kernel: Kernel | undefined;
  #inode: Inode | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** From now on the file is looked up in this run's file system. */
  attach(kernel: Kernel | undefined): void {
    this.#kernel = kernel;
    this.#inode = undefined;
  }

  get inode(): Inode {
    if (this.#inode === undefined) {
      this.#inode = this.#kernel?.vfs.resolveFromRoot(this.path).inode;
      this.#inode?.retain();
    }
    invariant(this.#inode, "a template's mapped file is looked up in a run");
    return this.#inode;
  }

  /** Once looked up it is held until the run ends: what a template has mapped is its program and libraries. */
  retain(): void {}
  release(): void {}
}

interface Mappings {
  readonly vmas: readonly Vma[];
  readonly files: readonly LazyFile[];
}

/** Parsed mappings, kept likewise: one run of an image at a time uses them. */
const mappings = new WeakMap<readonly VmaImage[], Mappings>();

function preparedMappings(images: readonly VmaImage[]): Mappings {
  let found = mappings.get(images);
  if (found) return found;
  const files = new Map<string, LazyFile>();
  const vmas = images.map((image): Vma => {
    const { path, offset = 0, ...vma } = image;
    if (path === undefined) return vma;
    const mapped = files.get(path) ?? new LazyFile(path);
    files.set(path, mapped);
    return { ...vma, file: { mapped, offset } };
  });
  found = { vmas, files: [...files.values()] };
  mappings.set(images, found);
  return found;
}

/** Lets go of the last run of this image, so that nothing of it is kept until the next. */
export function forgetRun(image: KernelImage): void {
  const known = image.process && mappings.get(image.process.vmas);
  for (const file of known?.files ?? []) file.attach(undefined);
}

/** Makes the sealed process again, asleep in its read. Runs once per call: no file is opened here. */
export function restoreProcess(kernel: Kernel, image: ProcessImage): void {
  const { vmas, files } = preparedMappings(image.vmas);
  for (const file of files) file.attach(kernel);
  const memory = new AddressSpace(
    kernel.machine,
    kernel.cache,
    kernel.machine.addressSpace(image.rootTable),
    vmas,
    image.parked,
  );
  memory.heapStart = image.heapStart;
  memory.heapEnd = image.heapEnd;
  memory.arguments = image.arguments;
  // JSON has no infinity: it comes back as null.
  const unlimited = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;
  const limits = new Map(
    image.limits.map(
      ([resource, { soft, hard }]) => [resource, { soft: unlimited(soft), hard: unlimited(hard) }] as const,
    ),
  );
  const process = new Process(image.pid, undefined, {
    memory,
    files: restoreDescriptors(kernel, image, limits),
    fs: { root: kernel.vfs.root, cwd: kernel.vfs.resolveFromRoot(image.cwd), umask: image.umask },
    identity: identityOf(kernel.credentials),
    processGroup: image.pid,
    session: image.pid,
    limits,
  });
  for (const action of image.actions) process.actions[action.signal] = { ...action, mask: BigInt(action.mask) };
  process.strings = new ProgramStrings(image.commandLine, image.environment);
  process.executablePath = image.executable;
  kernel.processes.set(process.pid, process);
  kernel.main = process;
  restoreTask(kernel, process, image);
}

function restoreDescriptors(
  kernel: Kernel,
  image: ProcessImage,
  limits: ReadonlyMap<number, ResourceLimit>,
): Descriptors {
  const files = new Descriptors(kernel.openFiles, limits.get(7)?.soft ?? 1024);
  const streams: Partial<Record<StreamRole, OpenFile>> = { stdin: kernel.stdin, job: kernel.job };
  for (const [descriptor, role, closeOnExec] of image.descriptors) {
    if (role === "stdout" || role === "stderr")
      streams[role] ??= new OutputFile(kernel.output, role, kernel.credentials);
    const file = streams[role];
    if (file) files.place(descriptor, file, closeOnExec);
  }
  return files;
}

function restoreTask(kernel: Kernel, process: Process, image: ProcessImage): void {
  const task = new Task(process.pid, process, new SavedCpu(kernel.cpu.initialFpu), image.task.name);
  task.signalMask = BigInt(image.task.signalMask);
  task.clearChildTid = image.task.clearChildTid;
  task.robustList = image.task.robustList;
  task.altStack = image.task.altStack;
  process.tasks.add(task);
  kernel.scheduler.add(task);
  kernel.scheduler.adopt(task);
  // RAX still holds the number of the read it slept in: making the call anew puts it back to sleep, or gives it the job.
  kernel.enterCall(task);
}
