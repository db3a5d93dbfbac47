import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { ZtlError } from "../../../errors.ts";
import { CellGroup, type GroupLimits, groupsMissing } from "../cgroup/cell-group.ts";
import { LandlockRight, landlockHandles, landlockRuleset } from "../landlock.ts";
import { LAYERS, type LaunchOptions, type Layer, launchTable } from "./launch.ts";
import { ownFiles } from "./own-files.ts";
import { ownUser } from "./own-user.ts";
import { ProgramFile } from "./program-file.ts";
import { type LaunchReport, parseReport } from "./report-message.ts";
import type { CallTable } from "./table.ts";

/** What is to be launched; see {@link LaunchOptions}. */
export interface LauncherOptions {
  readonly program: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly readable: readonly string[];
  readonly masked?: readonly string[] | undefined;
  readonly writable?: string | undefined;
  readonly fileBytesMax: number;
  /** Bounds of the control group around each process, where this host has one. */
  readonly group: GroupLimits;
  /** Walls to leave away although the host has them: for tests. */
  readonly without?: readonly Layer[] | undefined;
}

/** Why a launch ended before its program began. */
export interface LaunchFailure {
  readonly step: string;
  readonly layer?: string;
  readonly errno: number;
}

/** Starts processes of one kind that are confined before their program's first instruction. */
export class Launcher {
  readonly layers: ReadonlySet<Layer>;
  /** Why the others are not among them; those that were left away are in neither. */
  readonly missing: ReadonlyMap<Layer, LaunchFailure>;
  readonly #table: CallTable;
  readonly #file: ProgramFile;
  readonly #ruleset: number;
  readonly #group: GroupLimits;

  /** @throws ZtlError `launcher-unusable` when not even the walls that every host has can be put up. */
  constructor(options: LauncherOptions) {
    const { available, missing } = layersFor(options);
    this.layers = available;
    this.missing = missing;
    const prepared = prepare({ ...options, layers: this.layers, own: ownFiles() });
    this.#table = prepared.table;
    this.#file = prepared.file;
    this.#ruleset = prepared.ruleset;
    this.#group = options.group;
  }

  /** What to spawn, with {@link descriptors} from 6 on. */
  get path(): string {
    return this.#file.path;
  }

  /** For the launcher's descriptor 6: Landlock's rules, or /dev/null. */
  get ruleset(): number {
    return this.#ruleset;
  }

  /** For its descriptor 9: the user namespace to enter. Undefined where it makes its own. */
  get userNamespace(): number | undefined {
    return this.layers.has("uid") ? userNamespace() : undefined;
  }

  /**
   * A control group for one launch, for its descriptor 8; the caller removes it. Undefined where there is none.
   * @throws ZtlError `cgroup-unavailable` where there was one before.
   */
  makeGroup(): CellGroup | undefined {
    return this.layers.has("resources") ? CellGroup.make(this.#group) : undefined;
  }

  /** Why a launch failed, from what its launcher reported; undefined when its program began. */
  failure(report: LaunchReport): LaunchFailure | undefined {
    return report.results === undefined ? undefined : this.#table.failure(report.results);
  }

  /** Processes already launched go on. */
  close(): void {
    this.#file.close();
    closeSync(this.#ruleset);
  }
}

/** What this host has, less what is not wanted, and less what these mounts do not allow. */
function layersFor(options: LauncherOptions): LayerProbe {
  const { available, missing } = availableLayers();
  const layers = new Set([...available].filter((layer) => options.without?.includes(layer) !== true));
  if (UID_NEEDS.some((layer) => !layers.has(layer))) layers.delete("uid");
  if (!layers.has("uid")) return { available: layers, missing };
  // Whether users can be mapped depends on the file system of each mount: found out by a launch that executes nothing.
  const failure = tryLayers({ ...options, program: undefined, layers, own: ownFiles() });
  if (failure === undefined) return { available: layers, missing };
  layers.delete("uid");
  return { available: layers, missing: new Map([...missing, ["uid", failure]]) };
}

/** Walls that a user of its own is built on. */
const UID_NEEDS: readonly Layer[] = ["user", "mount"];

function userNamespace(): number | undefined {
  const user = ownUser();
  return typeof user === "string" ? undefined : user.namespaceFd;
}

function prepare(options: LaunchOptions): { table: CallTable; file: ProgramFile; ruleset: number } {
  const { table, program } = launchTable(options);
  const ruleset = options.layers.has("landlock") ? startRules(options) : openSync("/dev/null", "r");
  return { table, file: new ProgramFile("ztl-launcher", program), ruleset };
}

/** What may be opened from the program's first instruction on, by all its threads. */
function startRules({ readable, own, writable }: LaunchOptions): number {
  const handled = landlockHandles();
  if (handled === undefined) throw new ZtlError("invariant", "Landlock rules are made where there is Landlock");
  const { execute, readFile, readDirectory, writeFile, removeFile, makeDirectory, makeFile, truncate } = LandlockRight;
  const read = readFile | readDirectory;
  const write = read | writeFile | removeFile | makeDirectory | makeFile | truncate;
  const rules = [
    ...[...readable, ...own.readable].map((path) => ({ path, rights: read })),
    ...own.executable.map((path) => ({ path, rights: read | execute })),
    { path: "/dev/null", rights: readFile | writeFile },
    ...(writable === undefined ? [] : [{ path: writable, rights: write }]),
  ];
  return landlockRuleset(
    handled,
    rules.filter(({ path }) => existsSync(path)),
  );
}

export interface LayerProbe {
  readonly available: ReadonlySet<Layer>;
  /** Why the others are not: the step that failed and its error number, which is zero where no system call failed. */
  readonly missing: ReadonlyMap<Layer, LaunchFailure>;
}

let probed: LayerProbe | undefined;

/** Which walls this host has, found out by putting them up around a process that then ends. */
export function availableLayers(): LayerProbe {
  probed ??= probe();
  return probed;
}

/** linux/landlock.h: EOPNOTSUPP says that Landlock is there but turned off. */
const ENOSYS = 38;

function probe(): LayerProbe {
  const available = new Set<Layer>(LAYERS);
  const missing = new Map<Layer, LaunchFailure>();
  if (landlockHandles() === undefined) {
    available.delete("landlock");
    missing.set("landlock", { step: "landlock", layer: "landlock", errno: ENOSYS });
  }
  // Tried by itself: what the launcher does of it is one write to a file.
  available.delete("resources");
  const noGroups = groupsMissing();
  if (noGroups !== undefined) missing.set("resources", { step: noGroups, layer: "resources", errno: 0 });
  const user = ownUser();
  if (typeof user === "string") {
    available.delete("uid");
    missing.set("uid", { step: user, layer: "uid", errno: 0 });
  }
  const probed = {
    program: undefined,
    argv: [],
    env: [],
    readable: [process.execPath],
    own: ownFiles(),
    fileBytesMax: 0,
  };
  for (;;) {
    const failure = tryLayers({ ...probed, layers: available });
    if (failure === undefined) {
      if (noGroups === undefined) available.add("resources");
      return { available, missing };
    }
    // It puts up other walls in another way, so whatever failed may stand without it.
    const layer = available.has("uid") ? "uid" : (failure.layer as Layer | undefined);
    if (layer === undefined || !available.delete(layer)) {
      throw new ZtlError("launcher-unusable", `A process cannot be confined on this host: ${failure.step} failed`, {
        ...failure,
      });
    }
    missing.set(layer, { ...failure, layer });
  }
}

/** Ends within milliseconds; this is for a host that is about to stand still. */
const TRY_TIMEOUT_MS = 10_000;

function tryLayers(options: LaunchOptions): LaunchFailure | undefined {
  const { table, file, ruleset } = prepare(options);
  // In place of a control group, which is written to, as well.
  const nothing = openSync("/dev/null", "r+");
  try {
    const { output, error, status } = spawnSync(file.path, [], {
      stdio: [
        "ignore",
        "ignore",
        "ignore",
        nothing,
        nothing,
        nothing,
        ruleset,
        "pipe",
        nothing,
        userNamespace() ?? nothing,
        nothing,
      ],
      env: {},
      cwd: "/",
      timeout: TRY_TIMEOUT_MS,
    });
    if (error !== undefined) return { step: `starting the launcher (${error.message})`, errno: 0 };
    const report = output[7];
    const failure = report instanceof Uint8Array ? table.failure(parseReport(report).results ?? []) : undefined;
    if (failure === undefined && status !== 0) return { step: `the launcher (status ${status})`, errno: 0 };
    return failure;
  } finally {
    closeSync(nothing);
    closeSync(ruleset);
    file.close();
  }
}
