import { posix } from "node:path";
import { z } from "zod";
import {
  COST_MAX,
  EXCLUDE_LENGTH_MAX,
  EXCLUDES_MAX,
  EXPIRE_AFTER_MS_MAX,
  GUARD_MODEL_TIMEOUT_MS_MAX,
  GUARD_TEMPLATES_MAX,
  MOUNTS_MAX,
  OUTPUT_FOR_MODEL_BYTES_MAX,
  RUN_LIMIT_BOUNDS,
} from "../limits.ts";
import { NAME, NAME_PATTERN } from "../names.ts";
import { breakerSchema } from "./breaker.ts";
import { egressSchema, narrowingEgress, toolEgress } from "./egress.ts";
import { isolationSchema } from "./isolation.ts";
import { ledgerSchema } from "./ledger.ts";
import { monitorSchema } from "./monitor.ts";
import { reviewsSchema } from "./reviews.ts";
import { SECRET_FILES } from "./secrets.ts";

/** The configuration's shape. Descriptions are shown by editors (`ztl.config.schema.json` is made from this). */

const text = z.string().refine((value) => !value.includes("\0"), "must not contain a NUL character");
const name = z
  .string()
  .regex(NAME, "must be a name: letters, digits, _ . : / -, at most 128 characters, a letter, digit or _ first");
const namePattern = z.string().regex(NAME_PATTERN, "must be a name, or the beginning of names with * after it");
const hostPath = text
  .min(1)
  .refine((path) => !/^~(\/|$)/.test(path), "~ is not expanded here: write the path out, or one relative to this file");
const guestPath = text.refine(
  (path) => path.startsWith("/") && posix.normalize(path) === path && (path === "/" || !path.endsWith("/")),
  "must be an absolute, normalised path of the guest, such as /data",
);

const trust = z.enum(["trusted", "untrusted"]);
const confidentiality = z.enum(["public", "private"]);

function within({ min, max }: { readonly min: number; readonly max: number }): z.ZodNumber {
  return z.number().int().min(min).max(max);
}

const limits = z
  .strictObject({
    wallMs: within(RUN_LIMIT_BOUNDS.wallMs).describe("Wall-clock time of one run, in milliseconds."),
    cpuMs: within(RUN_LIMIT_BOUNDS.cpuMs).describe("Processor time of all processes of one run, in milliseconds."),
    memoryBytes: within(RUN_LIMIT_BOUNDS.memoryBytes).describe("Memory of the micro-VM, in bytes."),
    processes: within(RUN_LIMIT_BOUNDS.processes).describe("Processes and threads at once."),
    openFiles: within(RUN_LIMIT_BOUNDS.openFiles).describe("Open files over all processes."),
    overlayBytes: within(RUN_LIMIT_BOUNDS.overlayBytes).describe("Bytes of the files that a run may write."),
    outputBytes: within(RUN_LIMIT_BOUNDS.outputBytes).describe("Bytes of standard output and error together."),
  })
  .partial();

const mount = z.strictObject({
  host: hostPath.describe("Directory or file of this host. A relative path begins at this file's directory."),
  guest: guestPath.describe("Where the guest sees it, such as /data."),
  mode: z
    .enum(["ro", "overlay"])
    .describe("ro: the guest cannot write. overlay: it may; its changes wait for a person's approval."),
  trust: trust
    .default("untrusted")
    .describe(
      "untrusted (the default): somebody else may have written what lies there. trusted: the guard tells what it finds there, and withholds little.",
    ),
  confidentiality: confidentiality
    .default("private")
    .describe("private (the default): what lies there must not get out unseen."),
  exclude: z
    .array(text.min(1).max(EXCLUDE_LENGTH_MAX))
    .max(EXCLUDES_MAX)
    .default([...SECRET_FILES])
    .describe(
      "Files and directories of it that the guest neither sees nor makes, by pattern: * and ? within a name, ** for any directories; one that begins with / begins at the mount, others anywhere. Default: where passwords, tokens and keys are kept, such as .env, *.pem and .ssh. [] shows everything.",
    ),
});

/** What every tool may say, wherever it runs. */
const anyTool = {
  description: text.optional().describe("What the tool is for; for people and for the model."),
  inputSchema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("JSON Schema of the input, told to the model. Default: what the tool's template or its {names} ask for."),
  cost: within({ min: 0, max: COST_MAX })
    .optional()
    .describe("What one call takes from an agent's budget, in whatever its owner counts. Default: 1."),
  ask: z
    .enum(["never", "always", "when-tainted"])
    .default("never")
    .describe(
      "Whether a person must agree before each call; when-tainted: once the conversation holds untrusted content.",
    ),
  effect: z
    .enum(["none", "outward"])
    .default("none")
    .describe(
      "outward: the call itself reaches something outside, at once. Changes to mounted files wait and are none.",
    ),
  output: z
    .strictObject({
      trust: trust
        .default("untrusted")
        .describe("Whether what the tool returns may have been written by somebody else."),
      confidentiality: confidentiality
        .optional()
        .describe("Whether what the tool returns is private. Default: private when one of its mounts is."),
    })
    .default({ trust: "untrusted" })
    .describe("What the tool's output carries into the conversation."),
  onFlag: z
    .enum(["withhold", "neutralise"])
    .default("withhold")
    .describe(
      "What the model gets when the guard flags the output: nothing until a person releases it, or a neutralised text.",
    ),
  onSecret: z
    .enum(["mask", "pass"])
    .default("mask")
    .describe(
      "What becomes of keys, tokens and passwords in the output: notes in their place for the model and the ledger, while a person sees them; or nothing, for a tool that fetches some on purpose.",
    ),
};

const sandboxTool = {
  ...anyTool,
  external: z.literal(false).optional().describe("false, or left out: the tool runs in a micro-VM."),
  args: z
    .array(text)
    .optional()
    .describe("Fixed arguments. {name} stands for that member of the agent's input and stays within its argument."),
  env: z
    .record(z.string().regex(/^[^=\0]+$/, "must be a name without ="), text)
    .optional()
    .describe("Variables of the guest's environment. The host's are never passed on."),
  cwd: guestPath.optional().describe("Working directory in the guest."),
  mounts: z
    .array(mount)
    .max(MOUNTS_MAX)
    .default([])
    .describe("What of this host the guest sees, besides its programs."),
  limits: limits.optional().describe("What one run may use; the role's limits hold as well."),
  egress: toolEgress,
  replay: z
    .boolean()
    .default(true)
    .describe("Whether runs get a fixed clock and fixed randomness, so that they can be repeated byte for byte."),
};

const python = z.strictObject({
  template: z
    .literal("python")
    .describe("Python, already started. Without code or file the agent's input is { code }."),
  code: text.optional().describe("Fixed source text; the agent's input is then JSON on standard input."),
  file: text
    .min(1)
    .optional()
    .describe("Fixed source file in the guest; the agent's input is then JSON on standard input."),
  ...sandboxTool,
});
const shell = z.strictObject({
  template: z.literal("shell").describe("A shell script. Without code the agent's input is { code }."),
  code: text.optional().describe("Fixed script; the agent's input is then JSON on standard input."),
  ...sandboxTool,
});
const exec = z.strictObject({
  template: z.literal("exec").describe("A program. Without program the agent's input is { program, args }."),
  program: text.min(1).optional().describe("Fixed program; the agent's input is then JSON on standard input."),
  ...sandboxTool,
});
const external = z.strictObject({
  external: z.literal(true).describe("The tool runs elsewhere; only its result passes the guard."),
  ...anyTool,
});
const tool = z.discriminatedUnion("external", [external, z.discriminatedUnion("template", [python, shell, exec])]);

const agent = z.strictObject({
  role: name.describe("The role whose tools this agent may use."),
  mayMessage: z.array(namePattern).default([]).describe("Agents it may send messages to, by name or as prefix*."),
  egress: narrowingEgress,
});

const role = z.strictObject({
  tools: z.array(namePattern).describe("Tools this role may use, by name or as prefix*. No others."),
  ask: z.array(namePattern).default([]).describe("Those of them for which a person must agree before each call."),
  limits: limits.optional().describe("What one run may use; the tool's limits hold as well."),
  egress: narrowingEgress,
});

const model = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Base address of an OpenAI-compatible server."),
  model: text.min(1).describe("Name of the model there."),
  timeoutMs: within({ min: 1, max: GUARD_MODEL_TIMEOUT_MS_MAX })
    .optional()
    .describe("How long to wait for its answer, in milliseconds; a guard model that gives none flags the content."),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("Where an editor finds the schema of this file."),
  stateDirectory: hostPath
    .optional()
    .describe("Where the ledger, change sets and keys are kept. No tool may mount it."),
  agents: z
    .record(namePattern, agent)
    .describe(
      "Who makes calls, by name, or as prefix* for agents that a program makes. One that is not named here may do nothing.",
    ),
  roles: z.record(name, role).describe("Which tools go together."),
  tools: z.record(name, tool).describe("What can be called, and what it may see, use and cause."),
  isolation: isolationSchema.optional(),
  egress: egressSchema.optional(),
  python: z
    .strictObject({
      program: hostPath
        .optional()
        .describe(
          "The Python that guests see: a path, which is taken as it is, or a name to look for in PATH. Default: python3. One that is looked for must not lie in a mount of any tool.",
        ),
    })
    .optional()
    .describe("Which Python of this host runs in the micro-VMs."),
  guard: z
    .strictObject({
      model: model
        .extend({
          style: z
            .enum(["instructed", "llama-guard"])
            .default("instructed")
            .describe(
              "instructed: any chat model, told what to look for. llama-guard: a model whose template says it.",
            ),
        })
        .optional()
        .describe("A guard model asked as well. It can make a verdict stricter, never laxer."),
      rules: hostPath
        .optional()
        .describe("A file with rules of your own beside ours, as JSON; ztl guard --help shows one."),
      renders: z
        .boolean()
        .default(false)
        .describe(
          "Whether what agents say or get is shown by a viewer of Markdown or HTML: then images and elements that carry data away are findings.",
        ),
      templates: z
        .array(hostPath)
        .max(GUARD_TEMPLATES_MAX)
        .default([])
        .describe(
          "Files of the models that agents run on: tokenizer_config.json, a Jinja or a Go template. Their own tokens and turn openers become rules of the guard.",
        ),
      outputForModelBytes: within({ min: 1, max: OUTPUT_FOR_MODEL_BYTES_MAX })
        .optional()
        .describe("How much of an output the model is handed at most, in bytes; all of it is scanned."),
    })
    .optional()
    .describe("How outputs are checked."),
  probe: model
    .optional()
    .describe(
      "A model that is asked what it would do next, with and without an output: for the record of a run, never for a decision.",
    ),
  approvals: z
    .strictObject({
      expireAfterMs: within({ min: 1, max: EXPIRE_AFTER_MS_MAX })
        .optional()
        .describe("After how many milliseconds an undecided review counts as rejected."),
      protectedPaths: z
        .array(text.min(1))
        .optional()
        .describe("More path patterns whose changes need a yes of their own."),
    })
    .optional()
    .describe("How a person decides."),
  reviews: reviewsSchema.optional(),
  breaker: breakerSchema.optional(),
  monitor: monitorSchema.optional(),
  ledger: ledgerSchema.optional(),
});

/** Plain data that nobody may change any more. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A configuration as one writes it. */
export type LoopConfig = DeepReadonly<z.input<typeof configSchema>>;
/** A configuration after `parseConfig`: checked, defaults filled in, host paths absolute, frozen. */
export type ResolvedConfig = DeepReadonly<z.output<typeof configSchema>>;

export type ToolConfig = DeepReadonly<z.output<typeof tool>>;
/** A tool that runs in a micro-VM. */
export type SandboxTool = Exclude<ToolConfig, { readonly external: true }>;
/** A tool of the framework's own; only its result passes the guard. */
export type ExternalTool = Extract<ToolConfig, { readonly external: true }>;
export type MountConfig = SandboxTool["mounts"][number];
/** Walls that must stand, by the names that a sandbox has for them. */
export type IsolationConfig = NonNullable<ResolvedConfig["isolation"]>;
/** Some of a run's limits, by the names that a sandbox has for them. */
export type LimitsConfig = DeepReadonly<z.output<typeof limits>>;
