import { getSystemErrorName } from "node:util";
import { z } from "zod";
import { ZtlError } from "../errors.ts";
import { availableLayers, LAYERS, type Launcher, type LaunchFailure, type Layer } from "../vmm/index.ts";
import type { HostCheck } from "./doctor.ts";

/** Which walls stand around a cell's process, beside the virtual machine in it. */
export type Isolation = Readonly<Record<Layer | (typeof ALWAYS)[number], boolean>>;

/** Without them no cell starts, on any host. */
const ALWAYS = ["kvm", "seccomp", "capabilities", "limits"] as const;

/** By what a launcher puts up, so that results of one launcher's cells share an answer. */
const inForce = new WeakMap<ReadonlySet<Layer>, Isolation>();

/** The walls around a cell that was launched with these layers: a launch that cannot put one of them up fails. */
export function isolationInForce(launched: ReadonlySet<Layer>): Isolation {
  let isolation = inForce.get(launched);
  if (isolation === undefined) {
    const layers = LAYERS.map((layer) => [layer, launched.has(layer)] as const);
    isolation = Object.freeze(
      Object.fromEntries([...ALWAYS.map((layer) => [layer, true] as const), ...layers]) as Isolation,
    );
    inForce.set(launched, isolation);
  }
  return isolation;
}

const WALLS = [...ALWAYS, ...LAYERS] as const;
const demand = z.enum(["required", "preferred"]).optional();
/** Walls that must stand. What is not named is put up where the host allows it. */
export const isolationSchema = z.strictObject(
  Object.fromEntries(WALLS.map((wall) => [wall, demand])) as Record<keyof Isolation, typeof demand>,
);
export type IsolationDemands = z.infer<typeof isolationSchema>;

/** @throws ZtlError `isolation-missing` where a required wall cannot be put up. */
export function requireIsolation(demands: IsolationDemands | undefined): void {
  const required = LAYERS.filter((layer) => demands?.[layer] === "required");
  if (required.length === 0) return;
  const { missing } = availableLayers();
  refuse(
    required.filter((layer) => missing.has(layer)),
    missing,
  );
}

/**
 * The same for the cells of one pool: what a host can do, some mounts do not allow.
 * @throws ZtlError `isolation-missing`
 */
export function requireLaunched(demands: IsolationDemands | undefined, { layers, missing }: LaunchedLayers): void {
  refuse(
    LAYERS.filter((layer) => demands?.[layer] === "required" && !layers.has(layer)),
    missing,
  );
}

/** What of a launcher tells which walls it puts up, and why no others. */
type LaunchedLayers = Pick<Launcher, "layers" | "missing">;

function refuse(lacking: readonly Layer[], missing: ReadonlyMap<Layer, LaunchFailure>): void {
  if (lacking.length === 0) return;
  const what = lacking.map((layer) => `${layer} (${describeFailure(missing.get(layer))})`).join(", ");
  const remedy = lacking.map((layer) => `${layer}: ${REMEDIES[layer]}`).join("; ");
  throw new ZtlError("isolation-missing", `This host cannot isolate as is required: ${what}. What helps: ${remedy}`, {
    lacking,
    remedy: 'Or demand less: "preferred" takes a wall where the host can put it up. `ztl doctor` tells what it can.',
  });
}

/** What to do about a wall that is missing. */
const REMEDIES: Readonly<Record<Layer, string>> = {
  user: "allow unprivileged user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)",
  mount:
    "use Linux 5.12 or newer, and allow user namespaces (to root without CAP_SETFCAP they are of no use here) or grant CAP_SYS_ADMIN",
  pid: "allow user namespaces, or grant CAP_SYS_ADMIN",
  network: "allow user namespaces, or grant CAP_SYS_ADMIN",
  ipc: "allow user namespaces, or grant CAP_SYS_ADMIN",
  uts: "allow user namespaces, or grant CAP_SYS_ADMIN",
  cgroup: "allow user namespaces, or grant CAP_SYS_ADMIN",
  uid: "run as root with CAP_SYS_ADMIN on Linux 5.12 or newer, and mount from file systems that can map users (ext4, xfs, btrfs; not overlays or networks)",
  resources:
    "use control groups of version 2 and run in one whose parent hands out memory and pids to this user: as root on a system with systemd, or `systemd-run --user --scope`; in a container, delegate it a group",
  landlock: "use Linux 5.13 or newer with `landlock` in the list of the `lsm=` boot parameter",
};

/** For `ztl doctor`: what stands, and what this host lacks. Never throws. */
export function isolationFindings(): HostCheck[] {
  const subject = "Isolation";
  try {
    const { available, missing } = availableLayers();
    const standing = ["seccomp", "no capabilities", "limits", ...LAYERS.filter((layer) => available.has(layer))].join(
      ", ",
    );
    return [
      { subject, state: "ok", text: `around each micro-VM: ${standing}` },
      ...[...missing].map(([layer, failure]): HostCheck => {
        const text = `no ${layer}: ${describeFailure(failure)}; the other walls still stand`;
        return { subject, state: "note", text, remedy: REMEDIES[layer] };
      }),
    ];
  } catch (error) {
    return [{ subject, state: "missing", text: error instanceof Error ? error.message : String(error) }];
  }
}

function describeFailure(failure: LaunchFailure | undefined): string {
  if (failure === undefined) return "unknown";
  return failure.errno === 0 ? failure.step : `${failure.step}: ${getSystemErrorName(-failure.errno)}`;
}
