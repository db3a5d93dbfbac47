import { posix } from "node:path";
import { z } from "zod";
import { ZtlError } from "../errors.ts";
import type { MountSpec } from "../linux/index.ts";
import { DEFAULT_LIMITS, type RunLimits } from "../linux/limits.ts";
import { isolationSchema } from "./isolation.ts";

/** What the caller hands over, parsed once at the boundary. */

const count = z.number().int().positive();

/** Smallest guest in which a dynamic program starts (loader, libc, stack), with a margin. */
const MEMORY_MIN = 16 * 1024 * 1024;
/** Guest-physical addresses end at 4 GiB. */
const MEMORY_MAX = 3 * 1024 * 1024 * 1024;

const limitsSchema = z
  .strictObject({
    wallMs: count.max(24 * 3600 * 1000),
    cpuMs: count.max(24 * 3600 * 1000),
    memoryBytes: count.min(MEMORY_MIN).max(MEMORY_MAX),
    processes: count.max(4096),
    openFiles: count.min(8).max(65_536),
    overlayBytes: z.number().int().nonnegative().max(MEMORY_MAX),
    outputBytes: z
      .number()
      .int()
      .nonnegative()
      .max(1024 * 1024 * 1024),
  })
  .partial();

const text = z.string().refine((value) => !value.includes("\0"), "must not contain a NUL character");

const guestPath = text.refine(
  (path) => path.startsWith("/") && posix.normalize(path) === path && (path === "/" || !path.endsWith("/")),
  "must be an absolute, normalised path of the guest, such as /data",
);

/** What of a mounted directory is not there for the guest; patterns as of {@link PathGlobs}. */
const exclude = z.array(text.min(1).max(1024)).max(1024).optional();

const mountSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ro"), host: text.min(1), guest: guestPath, exclude }),
  z.strictObject({ kind: z.literal("overlay"), host: text.min(1), guest: guestPath, exclude }),
  z.strictObject({ kind: z.literal("tmpfs"), guest: guestPath, mode: z.number().int().min(0).max(0o7777).optional() }),
  z.strictObject({
    kind: z.literal("file"),
    guest: guestPath,
    content: z.union([z.string(), z.instanceof(Uint8Array)]),
    mode: z.number().int().min(0).max(0o7777).optional(),
  }),
  z.strictObject({ kind: z.literal("symlink"), guest: guestPath, target: text.min(1) }),
]);

/** Something of the host's, or made up, that the guest shall see at `guest`. */
export type CallerMount = z.infer<typeof mountSchema>;

const environmentName = text.regex(/^[^=]+$/, "must be a non-empty name without =");

const common = {
  args: z.array(text).optional(),
  /** Laid over the guest's own small environment. The host's environment is never passed on. */
  env: z.record(environmentName, text).optional(),
  cwd: guestPath.optional(),
  /** All of standard input; text is sent as UTF-8. */
  stdin: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  /** Narrower or wider limits for this call; memory cannot exceed what the sandbox was opened with. */
  limits: limitsSchema.optional(),
};

const callSchema = z.discriminatedUnion("tool", [
  z
    .strictObject({ tool: z.literal("python"), code: z.string().optional(), file: text.min(1).optional(), ...common })
    .refine((call) => (call.code === undefined) !== (call.file === undefined), "give either code or file"),
  z.strictObject({ tool: z.literal("shell"), code: text, ...common }),
  z.strictObject({ tool: z.literal("exec"), program: text.min(1), ...common }),
]);

/** One tool call. `python` takes source text or a file of the guest, `shell` a script, `exec` a program. */
export type ToolCall = z.infer<typeof callSchema>;
export type ToolName = ToolCall["tool"];

const optionsSchema = z.strictObject({
  mounts: z.array(mountSchema).max(256).optional(),
  limits: limitsSchema.optional(),
  /** Cells per tool that may run at once; default: the host's CPUs, at most 4. */
  cells: count.max(256).optional(),
  /** Calls that may wait for a cell; more are refused with status "error", code "queue-full". */
  queue: count.max(1_000_000).optional(),
  /** Tools whose cells are made at once, so that their first call is warm. */
  prewarm: z.array(z.enum(["python", "shell", "exec"])).optional(),
  python: z
    .strictObject({
      /**
       * A path, which is taken as it is, or a name to look for in PATH; default: `python3`. One that is looked for must not lie
       * in the working directory, in a mount, or where other users may write.
       */
      program: text.min(1).optional(),
      preload: z.array(text.min(1)).max(1000).optional(),
      /** More host directories that a Python is not taken from unless it is named, such as other tools' mounts. */
      notFrom: z.array(text.min(1)).max(65_536).optional(),
    })
    .optional(),
  /** Where templates are kept; false keeps none. Default: $XDG_CACHE_HOME/zero-trust-loop or ~/.cache/zero-trust-loop, and where that cannot be used none. */
  cacheDirectory: z.union([text.min(1), z.literal(false)]).optional(),
  /**
   * How long a cell may take from its start until it has loaded its template, before it is given up; default: 30 s. Building a
   * template gets five times as much. More is for processors that are emulated.
   */
  startTimeoutMs: count.max(3600 * 1000).optional(),
  /**
   * More directories of this host that guests never see, beside ztl's own caches and states: a mount around one shows
   * nothing there, a mount inside is refused.
   */
  hidden: z.array(text.min(1)).max(256).optional(),
  /** Default working directory of calls: otherwise the first mount's place, or the guest's home. */
  cwd: guestPath.optional(),
  /** Walls around cells without which the sandbox does not open. */
  isolation: isolationSchema.optional(),
  /** Hears what happens around runs: templates built or refused, a Python passed over, cells lost. */
  onEvent: z.custom<(event: SandboxEvent) => void>((value) => typeof value === "function").optional(),
});

export type SandboxOptions = z.infer<typeof optionsSchema>;

/** What a sandbox tells its owner beside results. `reason` codes are stable. */
export type SandboxEvent =
  | {
      readonly type: "template-built";
      readonly template: ToolName;
      readonly durationMs: number;
      readonly reason: string;
    }
  | { readonly type: "template-loaded"; readonly template: ToolName; readonly durationMs: number }
  | { readonly type: "template-refused"; readonly template: ToolName; readonly code: string; readonly message: string }
  | { readonly type: "python-passed-over"; readonly path: string; readonly reason: string; readonly remedy: string }
  /** Nothing is kept between starts, as the usual directory cannot be used. */
  | { readonly type: "cache-unavailable"; readonly message: string; readonly remedy: string }
  | { readonly type: "cell-lost"; readonly template: ToolName; readonly code: string; readonly message: string };

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || what}: ${issue.message}`);
  throw new ZtlError("invalid-input", `Invalid ${what}: ${problems.join("; ")}`, { problems });
}

/** Throws ZtlError `invalid-input` for anything that is not a tool call. */
export function parseCall(value: unknown): ToolCall {
  return parse(callSchema, value, "tool call");
}

export function parseOptions(value: unknown): SandboxOptions {
  return parse(optionsSchema, value, "sandbox options");
}

type Overrides = z.infer<typeof limitsSchema>;

/** Limits laid over each other, the later ones winning where they say something. */
export function resolveLimits(...layers: readonly (Overrides | undefined)[]): RunLimits {
  const limits: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) if (value !== undefined) limits[name] = value;
  }
  return limits as unknown as RunLimits;
}

/** The mounts as the file system takes them. */
export function toMountSpecs(mounts: readonly CallerMount[]): MountSpec[] {
  return mounts.map((mount) => ({ ...mount }) as MountSpec);
}
