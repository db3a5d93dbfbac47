import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { DEFAULT_LIMITS } from "../linux/limits.ts";
import { type HostProblem, probeHost } from "../vmm/index.ts";
import { permissionObjection } from "./host-programs/trust.ts";
import { wayTo } from "./host-programs/way.ts";
import { isolationFindings } from "./isolation.ts";
import { kvmAccess, kvmAccessAdvice } from "./kvm-access.ts";
import type { RunResult } from "./result.ts";
import { Sandbox } from "./sandbox.ts";
import { type CacheUnavailable, usualCacheDirectory } from "./templates/cache-directory.ts";
import { type HostPython, searchPython, tellSkipped } from "./templates/host-python.ts";

/** One thing `ztl doctor` tells. `missing` keeps every tool call from running, a `note` only some, or is good to know. */
export interface HostCheck {
  readonly subject: string;
  readonly state: "ok" | "note" | "missing";
  readonly text: string;
  readonly remedy?: string;
}

/** Looks at everything tool calls need on this host, and runs one. Never throws for what it finds. */
export async function diagnoseHost(): Promise<HostCheck[]> {
  const virtualisation = virtualisationFindings();
  const usable = virtualisation.every((finding) => finding.state !== "missing");
  return [
    { subject: "Node", state: "ok", text: `${process.version} (${process.execPath})` },
    ...virtualisation,
    ...pythonFindings(),
    shellFinding(),
    ...isolationFindings(),
    cacheFinding(),
    memoryFinding(),
    ...(usable ? [await trial()] : []),
  ];
}

export function virtualisationFindings(): HostCheck[] {
  const subject = "KVM";
  const probe = probeHost();
  if (!probe.usable)
    return probe.problems.map((problem) => ({ subject, state: "missing", ...describeProblem(problem) }));
  const by = probe.modules.length > 0 ? ` (${probe.modules.join(", ")})` : "";
  const findings: HostCheck[] = [
    { subject, state: "ok", text: `micro-VMs work${by} on ${probe.cpuModel ?? "an unknown processor"}` },
  ];
  if (probe.syscallRing === 3) {
    findings.push({
      subject: "Nested host",
      state: "note",
      text: "this host's KVM is paravirtual (it is a virtual machine itself): each system call of a guest costs some 80 us instead of 1 to 3",
      remedy: "nothing is wrong; for the best speed run on bare metal or where VT-x/AMD-V is passed on",
    });
  } else if (probe.nested) {
    findings.push({
      subject: "Nested host",
      state: "note",
      text: "this host is a virtual machine itself, so exits cost more than on bare metal",
    });
  }
  return findings;
}

function describeProblem(problem: HostProblem): Pick<HostCheck, "text" | "remedy"> {
  switch (problem.code) {
    case "not-x86-64-linux":
      return {
        text: `this is ${problem.found}; micro-VMs need Linux on x86-64`,
        remedy: "use such a machine, or a virtual machine with nested KVM",
      };
    case "kvm-missing":
      return {
        text: "there is no /dev/kvm",
        remedy:
          "bare metal: enable VT-x/AMD-V in the firmware, then `modprobe kvm_intel` or `kvm_amd`; cloud: choose an instance with nested virtualisation; container: pass --device /dev/kvm",
      };
    case "kvm-no-permission": {
      const access = kvmAccess();
      return access ? kvmAccessAdvice(access) : { text: "there is no /dev/kvm any more" };
    }
    case "kvm-no-device":
      return {
        text: `/dev/kvm is no device but ${problem.found}`,
        remedy:
          "remove it and load the module again (`modprobe kvm_intel` or `kvm_amd`); container: pass --device /dev/kvm",
      };
    case "kvm-unusable":
      return {
        text: `/dev/kvm does not work: ${problem.reason}`,
        remedy: "look at `dmesg | grep -i kvm`; another hypervisor may hold the processor",
      };
    case "kvm-capabilities-missing":
      return { text: `this kernel's KVM lacks ${problem.names.join(", ")}`, remedy: "use Linux 5.10 or newer" };
  }
}

function pythonFindings(): HostCheck[] {
  const subject = "Python";
  const { python, skipped } = searchPython();
  const notes = skipped.map((one): HostCheck => {
    return { subject, state: "note", text: `not used: ${tellSkipped(one)}`, remedy: one.remedy };
  });
  if (python !== undefined)
    return [{ subject, state: "ok", text: `${python.version} (${python.executable})` }, ...notes, ...exposed(python)];
  const text = `there is no ${skipped.length > 0 ? "other " : ""}python3 on PATH; the python tool will not run`;
  return [...notes, { subject, state: "note", text, remedy: "install python3, or name one with --python-program" }];
}

/** Places that every guest's Python imports from, and other users may change. */
function exposed({ watch }: HostPython): HostCheck[] {
  return watch.flatMap((path): HostCheck[] => {
    const way = wayTo(path);
    const objection = way && permissionObjection(way);
    if (objection === undefined) return [];
    const text = `guests import from ${path}, but ${objection.reason}`;
    return [{ subject: "Python", state: "note", text, remedy: objection.remedy }];
  });
}

function shellFinding(): HostCheck {
  const bash = ["/bin/bash", "/usr/bin/bash"].find((path) => existsSync(path));
  if (bash !== undefined) return { subject: "Shell", state: "ok", text: bash };
  if (existsSync("/bin/sh")) return { subject: "Shell", state: "note", text: "no bash: the shell tool uses /bin/sh" };
  return { subject: "Shell", state: "note", text: "neither bash nor sh: the shell tool will not run" };
}

function cacheFinding(): HostCheck {
  const subject = "Template cache";
  let why: CacheUnavailable | undefined;
  try {
    const path = usualCacheDirectory((told) => {
      why = told;
    });
    if (path !== false) return { subject, state: "ok", text: path };
    const text = `none, so templates are built at each start: ${why?.message}`;
    return { subject, state: "note", text, remedy: "name a writable directory of your own with XDG_CACHE_HOME" };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { subject, state: "missing", text, remedy: "name a writable directory of your own with XDG_CACHE_HOME" };
  }
}

function memoryFinding(): HostCheck {
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  const text = `${mebibytes(freemem())} free; a micro-VM uses what its guest touches, ${mebibytes(DEFAULT_LIMITS.memoryBytes)} at most by default`;
  return { subject: "Memory", state: freemem() < DEFAULT_LIMITS.memoryBytes ? "note" : "ok", text };
}

async function trial(): Promise<HostCheck> {
  const subject = "Trial run";
  try {
    const { cold, warm } = await runTwice();
    if (warm.status === "ok" && warm.stdoutText === "42\n") {
      const times = `${cold.timingsMs.total.toFixed(0)} ms cold, ${warm.timingsMs.total.toFixed(1)} ms warm`;
      return { subject, state: "ok", text: `a shell in a micro-VM: ${times}` };
    }
    const said = `${warm.status}, ${JSON.stringify(warm.stdoutText + warm.stderrText)}`;
    const why = warm.status === "error" ? warm.error.message : said;
    return { subject, state: "missing", text: `a shell in a micro-VM failed: ${why}` };
  } catch (error) {
    return { subject, state: "missing", text: `a shell in a micro-VM failed: ${String(error)}` };
  }
}

async function runTwice(): Promise<{ cold: RunResult; warm: RunResult }> {
  const sandbox = await Sandbox.open({ cells: 1 });
  try {
    const call = { tool: "shell", code: "echo $((6 * 7))" } as const;
    return { cold: await sandbox.run(call), warm: await sandbox.run(call) };
  } finally {
    await sandbox.close();
  }
}
