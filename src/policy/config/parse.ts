import { resolve } from "node:path";
import { deepFreeze } from "../../base/deep-freeze.ts";
import { copyPlainData } from "./plain-data.ts";
import { configInvalid } from "./problem.ts";
import { referenceProblems } from "./references.ts";
import { configSchema, type LoopConfig, type ResolvedConfig } from "./schema.ts";
import { shapeProblems } from "./shape.ts";

export interface ParseConfigOptions {
  /** Where relative host paths begin. */
  readonly directory: string;
  /** What the value was read from, for the error's message. */
  readonly file?: string;
}

/** Checks a configuration. Throws ZtlError `config-invalid` with every problem and its place. */
export function parseConfig(value: unknown, options: ParseConfigOptions): ResolvedConfig {
  const subject = options.file ?? "This";
  const { copy, problems } = copyPlainData(value);
  if (problems.length > 0) throw configInvalid(subject, problems);
  const parsed = configSchema.safeParse(copy, { reportInput: true });
  if (!parsed.success) throw configInvalid(subject, shapeProblems(parsed.error.issues));
  const config = resolvePaths(parsed.data, options.directory);
  const wrong = referenceProblems(config);
  if (wrong.length > 0) throw configInvalid(subject, wrong);
  return deepFreeze(config);
}

function resolvePaths(config: ResolvedConfig, directory: string): ResolvedConfig {
  const tools = Object.entries(config.tools).map(([name, tool]) => {
    if (tool.external) return [name, tool] as const;
    const mounts = tool.mounts.map((mount) => ({ ...mount, host: resolve(directory, mount.host) }));
    // What it may send leaves at once, whatever else it is for.
    const effect = (tool.egress ?? []).length > 0 ? "outward" : tool.effect;
    return [name, { ...tool, mounts, effect }] as const;
  });
  const program = config.python?.program;
  const { guard, ledger, monitor } = config;
  return {
    ...config,
    ...(guard !== undefined && {
      guard: {
        ...guard,
        templates: guard.templates.map((path) => resolve(directory, path)),
        ...(guard.rules !== undefined && { rules: resolve(directory, guard.rules) }),
      },
    }),
    ...(ledger !== undefined && {
      ledger: { ...ledger, anchors: ledger.anchors.map((anchor) => resolveAnchor(anchor, directory)) },
    }),
    ...(monitor?.actions !== undefined && {
      monitor: {
        ...monitor,
        actions: { ...monitor.actions, calibration: resolve(directory, monitor.actions.calibration) },
      },
    }),
    // A name is looked for in PATH, wherever the configuration lies.
    ...(program?.includes("/") && { python: { program: resolve(directory, program) } }),
    ...(config.stateDirectory !== undefined && { stateDirectory: resolve(directory, config.stateDirectory) }),
    tools: Object.fromEntries(tools),
  };
}

type Anchor = NonNullable<ResolvedConfig["ledger"]>["anchors"][number];

function resolveAnchor(anchor: Anchor, directory: string): Anchor {
  if ("file" in anchor) return { file: resolve(directory, anchor.file) };
  return "gitNotes" in anchor ? { gitNotes: resolve(directory, anchor.gitNotes) } : anchor;
}

/** For configurations in TypeScript: gives an editor the types. Nothing is checked before it is loaded. */
export function defineConfig<const T extends LoopConfig>(config: T): T {
  return config;
}
