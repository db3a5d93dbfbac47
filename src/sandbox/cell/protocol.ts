import type { ByteString } from "../../base/byte-string.ts";
import type { HostPattern } from "../../base/host-pattern.ts";
import type { Extent } from "../../base/layer/index.ts";
import type {
  Change,
  FileRead,
  KernelConfig,
  KernelImage,
  MountSpec,
  OutwardCall,
  OutwardEvent,
  Vanishing,
} from "../../linux/index.ts";
import type { LimitName, RunLimits } from "../../linux/limits.ts";
import { Descriptor, type MachineImage } from "../../vmm/index.ts";
import type { FrameLimits } from "../frames.ts";
import type { Diagnostics } from "../result.ts";
import type { Determinism } from "../run-options.ts";
import type { ProgramSpec, TemplateRecipe } from "../templates/recipe.ts";

/**
 * What the host process and a cell say to each other; each message is the JSON part of one frame. A cell is what a guest
 * that broke out of its virtual machine would hold, so the host believes nothing of what it says: `reply/` checks it all.
 * The cell trusts the host.
 */

/** In the cell: the channel; the sealed memory image it is given, or the file it writes one to; /dev/kvm; the channel for layers. */
export const { channel: CHANNEL_FD, memory: MEMORY_FD, kvm: KVM_FD, layers: LAYERS_FD } = Descriptor;

/** Requests carry the call's code and stdin; 192 MiB keeps a 100 MB argument within what is refused by the guest's rules. */
export const REQUEST_LIMITS: FrameLimits = { headerBytes: 192 * 1024 * 1024, bodyBytes: 4 * 1024 * 1024 * 1024 };

/** Makes a template; its memory image is to be written to {@link MEMORY_FD}. */
export interface BuildRequest {
  readonly type: "build";
  readonly recipe: TemplateRecipe;
  /** For its programs to get ready, in milliseconds. */
  readonly timeMs: number;
}

/** Prepares the cell for runs: the memory image is inherited as {@link MEMORY_FD}. */
export interface LoadRequest {
  readonly type: "load";
  readonly machine: MachineImage;
  readonly kernel: KernelImage;
  readonly config: WireConfig;
  /** Only loads it, and leaves behind what Node compiled for that: such a cell gets no run. */
  readonly rehearsal?: true;
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

/** Body: the job, then stdin. */
export interface RunRequest {
  readonly type: "run";
  readonly limits: RunLimits;
  readonly jobBytes: number;
  /** What to start; null for a template whose program waits for a job. */
  readonly program: ProgramSpec | null;
  /** Where that waiting program is to stand, if not where the template left it. */
  readonly cwd: string | null;
  readonly stdinBytes: number;
  readonly deterministic: Determinism | null;
  /** What the run is to find changed already. */
  readonly layer: WireLayer | null;
  readonly trace: RunTrace | null;
  /** A way out to granted names; null for none. */
  readonly egress: RunEgress | null;
}

/** What of its way out a run is told: which names it may ask for, and how often. */
export interface RunEgress {
  /** Each list narrows the others. */
  readonly hosts: readonly (readonly HostPattern[])[];
  readonly connectionsMax: number;
}

/** Of a connection of the run that goes on, either way; carries the number of its request, and with `data` a body. */
export type EgressCall = { readonly type: "egress" } & OutwardCall;
export type EgressEvent = { readonly type: "egress" } & OutwardEvent;

/** What is to be told of the run's system calls. */
export interface RunTrace {
  /** Families and names of calls; null for all. */
  readonly calls: readonly string[] | null;
  /** Each call, in frames of their own that come before the result. */
  readonly isTold: boolean;
  readonly callsMax: number;
  /** How often each was made, in the result. */
  readonly isCounted: boolean;
}

/** Some calls of a run that goes on; carries the number of its request. */
export interface TraceFrame {
  readonly type: "trace";
  readonly calls: readonly WireTracedCall[];
}
export type WireTracedCall = readonly [
  startMs: number,
  tookMs: number,
  pid: number,
  tid: number,
  name: string,
  args: string,
  result: string,
  note: string,
];
/** A frame's texts are some 34,000 units of at most three bytes, and as many calls as they can have beside as much again. */
export const TRACE_FRAME_BYTES = 256 * 1024;

/** A layer, whose segments come as open files by {@link LAYERS_FD}, with the number of the request. */
export interface WireLayer {
  readonly segmentBytes: readonly number[];
  readonly root: Extent;
  /** As in RunLayer, in pairs. */
  readonly realPaths: readonly (readonly [string, ByteString])[];
}

/** The frame of a cancellation carries the number of the request that is to end. */
export type Request = BuildRequest | LoadRequest | RunRequest | EgressEvent | { readonly type: "cancel" };

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
  | { readonly kind: "error"; readonly code: RunError; readonly message: string };

/** What can be wrong with a run and not with its cell; SPECIFICATION.md lists them. */
export const RUN_ERRORS = [
  "arguments-too-long",
  "cwd-not-found",
  "guest-failed",
  "guest-stuck",
  "layer-invalid",
  "mount-invalid",
  "mount-missing",
  "program-invalid",
  "program-not-executable",
  "program-not-found",
] as const;
export type RunError = (typeof RUN_ERRORS)[number];
/** Longest message of a cell: a sentence with a path in it, which may be quoted and escaped. */
export const MESSAGE_UNITS_MAX = 32 * 1024;

/** Body: stdout, stderr, then the contents of changed files in order. */
export interface ResultReply {
  readonly type: "result";
  readonly ending: WireEnding;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** CLOCK_MONOTONIC in microseconds at the guest's first instruction; the same clock in both processes. */
  readonly startedUs: number;
  readonly runMs: number;
  readonly rollbackMs: number;
  readonly reads: readonly WireRead[];
  readonly changes: readonly WireChange[];
  readonly diagnostics: WireDiagnostics;
}

/** Names are byte strings. */
export type WireDiagnostics = Omit<Diagnostics, "vanished" | "stats"> & {
  readonly vanished?: Vanishing;
  /** For `stats`; a list is count, errors and milliseconds of the call of that name. */
  readonly counts?: Readonly<Record<string, readonly [count: number, errors: number, timeMs: number]>>;
  readonly faults?: number;
  readonly switches?: number;
};

/** Paths in both are byte strings, as in the personality. */
export type WireRead = Omit<FileRead, "contentKey" | "hostPath">;
export type WireChange = Omit<Change, "content" | "pieces" | "mtimeNs"> & {
  /** In decimal digits: JSON has no such numbers. */
  readonly mtimeNs?: string;
  /** Position and length in turn of what its part of the body holds of the new content; the rest of it is zeros. */
  readonly extents?: readonly number[];
  /** Index of an earlier change with the same content, which is sent once. */
  readonly contentOf?: number;
};

/** A reply as it arrived, before anything is known of it. */
export interface ReplyFrame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

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
