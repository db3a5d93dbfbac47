import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { ZtlError } from "../errors.ts";
import { kvmDevice, missingCapabilities } from "./host/kvm.ts";
import { syscallRing } from "./syscall-ring.ts";

/** What stands in the way of running a machine on this host. */
export type HostProblem =
  | { readonly code: "not-x86-64-linux"; readonly found: string }
  | { readonly code: "kvm-missing" }
  | { readonly code: "kvm-no-permission" }
  | { readonly code: "kvm-no-device"; readonly found: string }
  | { readonly code: "kvm-unusable"; readonly reason: string }
  | { readonly code: "kvm-capabilities-missing"; readonly names: readonly string[] };

/** What this host can do: data for `ztl doctor`. */
export interface HostProbe {
  /** True when a test program ran in a machine and its system call arrived. */
  readonly usable: boolean;
  readonly problems: readonly HostProblem[];
  /** Where `syscall` lands: 0 on hardware virtualisation, 3 on a paravirtual (nested) host; undefined when unusable. */
  readonly syscallRing: 0 | 3 | undefined;
  /** Loaded kernel modules that provide KVM, e.g. `kvm_amd`; empty when they are built in. */
  readonly modules: readonly string[];
  readonly cpuModel: string | undefined;
  /** This host is a virtual machine itself. */
  readonly nested: boolean;
}

/** Looks at the host and runs one system call in a throwaway machine. Never throws. */
export function probeHost(): HostProbe {
  const problems = findProblems();
  const ring = problems.length === 0 ? tryRing(problems) : undefined;
  const cpuinfo = readText("/proc/cpuinfo");
  return {
    usable: ring !== undefined,
    problems,
    syscallRing: ring,
    modules: ["kvm_intel", "kvm_amd", "kvm_pvm"].filter((name) => existsSync(`/sys/module/${name}`)),
    cpuModel: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1],
    nested: /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo),
  };
}

function findProblems(): HostProblem[] {
  const found = `${process.arch} ${process.platform}`;
  if (found !== "x64 linux") return [{ code: "not-x86-64-linux", found }];
  const status = statSync("/dev/kvm", { throwIfNoEntry: false });
  if (status === undefined) return [{ code: "kvm-missing" }];
  if (!status.isCharacterDevice())
    return [{ code: "kvm-no-device", found: status.isDirectory() ? "a directory" : "a file" }];
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return [{ code: "kvm-no-permission" }];
  }
  try {
    kvmDevice();
    const names = missingCapabilities();
    return names.length > 0 ? [{ code: "kvm-capabilities-missing", names }] : [];
  } catch (error) {
    return [{ code: "kvm-unusable", reason: reasonOf(error) }];
  }
}

function tryRing(problems: HostProblem[]): 0 | 3 | undefined {
  try {
    return syscallRing();
  } catch (error) {
    problems.push({ code: "kvm-unusable", reason: reasonOf(error) });
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (ZtlError.isInstance(error) && error.cause instanceof Error) return `${error.message} ${error.cause.message}`;
  return error instanceof Error ? error.message : String(error);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
