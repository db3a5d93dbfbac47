import type { Change, FileRead, KernelConfig, KernelImage, MountSpec } from "../../linux/index.ts";
import type { LimitName, RunLimits } from "../../linux/limits.ts";
import type { MachineImage } from "../../vmm/index.ts";
import type { FrameLimits } from "../frames.ts";
import type { Diagnostics } from "../result.ts";
import type { Determinism } from "../run-options.ts";
import type { ProgramSpec, TemplateRecipe } from "../templates/recipe.ts";

/**
 * What the host process and a cell say to each other; each message is the JSON part of one frame. Both ends are this
 * package at the same version, and the guest reaches neither, so the shapes are types only. Sizes are still bounded.
 */

/** Descriptor of the channel in the cell, and of the sealed memory image it is given. */
export const CHANNEL_FD = 3;
export const MEMORY_FD = 4;

/** Requests carry the call's code and stdin; 192 MiB keeps a 100 MB argument within what is refused by the guest's rules. */
export const REQUEST_LIMITS: FrameLimits = { headerBytes: 192 * 1024 * 1024, bodyBytes: 1024 * 1024 * 1024 };
/** Replies carry outputs, read and change sets; their parts are bounded by the run's limits, this is the outer bound. */
export const REPLY_LIMITS: FrameLimits = { headerBytes: 256 * 1024 * 1024, bodyBytes: 0xffff_ffff };

export interface BuildRequest {
  readonly type: "build";
  readonly recipe: TemplateRecipe;
  /** Where the memory image is to be written. */
  readonly imagePath: string;
}

/** Prepares the cell for runs: the memory image is inherited as {@link MEMORY_FD}. */
export interface LoadRequest {
  readonly type: "load";
  readonly machine: MachineImage;
  readonly kernel: KernelImage;
  readonly config: WireConfig;
}

/** The guest's surroundings, the same in every run of the cell. */
export type WireConfig = Omit<KernelConfig, "mounts"> & { readonly mounts: readonly WireMount[] };
type WireMount = MountSpec | (Omit<MountSpec & { kind: "file" }, "content"> & { readonly contentBase64: string });

/** JSON has no bytes: file contents that are not text travel in base64. */
export function toWireConfig(config: KernelConfig): WireConfig {
  const mounts = config.mounts.map((mount): WireMount => {
    if (mount.kind !== "file" || typeof mount.content === "string") return mount;
    const { content, ...rest } = mount;
    return { ...rest, contentBase64: Buffer.from(content).toString("base64") };
  });
  return { ...config, mounts };
}

export function fromWireConfig(config: WireConfig): KernelConfig {
  const mounts = config.mounts.map((mount): MountSpec => {
    if (!("contentBase64" in mount)) return mount;
    const { contentBase64, ...rest } = mount;
    return { ...rest, content: Buffer.from(contentBase64, "base64") };
  });
  return { ...config, mounts };
}

/** Body: the job, stdin, then the contents of pending changes in order. */
export interface RunRequest {
  readonly type: "run";
  readonly id: number;
  readonly limits: RunLimits;
  readonly jobBytes: number;
  /** What to start; null for a template whose program waits for a job. */
  readonly program: ProgramSpec | null;
  /** Where that waiting program is to stand, if not where the template left it. */
  readonly cwd: string | null;
  readonly changeContents: boolean;
  readonly stdinBytes: number;
  readonly deterministic: Determinism | null;
  /** What the run is to find changed already; paths as in the reply. */
  readonly pending: readonly WireChange[];
}

export type Request = BuildRequest | LoadRequest | RunRequest | { readonly type: "cancel"; readonly id: number };

export interface BuiltReply {
  readonly type: "built";
  readonly kernel: KernelImage;
  /** Host files whose content went into the template. */
  readonly reads: readonly string[];
}

export type WireEnding =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string; readonly number: number }
  | { readonly kind: "limit"; readonly limit: LimitName }
  | { readonly kind: "cancelled" }
  | { readonly kind: "error"; readonly code: string; readonly message: string };

/** Body: stdout, stderr, then the contents of changed files in order. */
export interface ResultReply {
  readonly type: "result";
  readonly id: number;
  readonly ending: WireEnding;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** CLOCK_MONOTONIC in microseconds at the guest's first instruction; the same clock in both processes. */
  readonly startedUs: number;
  readonly runMs: number;
  readonly rollbackMs: number;
  readonly reads: readonly WireRead[];
  readonly changes: readonly WireChange[];
  readonly diagnostics: Diagnostics;
}

/** Paths in both are byte strings (one character per byte), as in the personality. */
export type WireRead = FileRead;
export type WireChange = Omit<Change, "content"> & {
  /** Length of its part of the body. */
  readonly contentBytes?: number;
};

export type Reply =
  | BuiltReply
  | { readonly type: "ready" }
  | ResultReply
  /** The cell cannot go on; it ends after this. */
  | { readonly type: "failed"; readonly code: string; readonly message: string };

/** CLOCK_MONOTONIC in microseconds. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
