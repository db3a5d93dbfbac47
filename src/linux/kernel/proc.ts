import type { Kernel } from "../kernel.ts";
import type { Process } from "../process/process.ts";
import { descriptionLocation } from "../syscalls/open.ts";
import type { Location, ProcLink, ProcSource } from "../vfs/index.ts";
import { globalFiles } from "./proc-global.ts";
import { NAMESPACE_LINKS, processFiles } from "./proc-process.ts";

/** What /proc shows of a run's processes (proc(5)). */
export function procSource(kernel: Kernel): ProcSource {
  const alive = (pid: number): Process | undefined => kernel.processes.get(pid);
  return {
    processes: () => [...kernel.processes.keys()].sort((a, b) => a - b),
    self: () => kernel.caller?.pid,
    owner: (pid) => alive(pid)?.credentials ?? { uid: 0, gid: 0 },
    files: (pid) => processFiles(kernel, alive(pid)),
    links: (pid) => processLinks(kernel, alive(pid)),
    namespaces: () => NAMESPACE_LINKS,
    has: (pid) => kernel.processes.has(pid),
    descriptors: (pid) => descriptors(alive(pid)),
    descriptor: (pid, number) => descriptorLink(kernel, alive(pid), number),
    threads: (pid) => [...(alive(pid)?.tasks ?? [])].map((task) => task.tid),
    global: globalFiles(kernel),
  };
}

function link(kernel: Kernel, location: () => Location | undefined, fallback = ""): ProcLink {
  return {
    text: () => {
      const found = location();
      return found ? kernel.vfs.pathname(found) : fallback;
    },
    follow: location,
  };
}

function processLinks(kernel: Kernel, process: Process | undefined): ReadonlyMap<string, ProcLink> {
  if (!process) return new Map();
  const executable = (): Location | undefined =>
    process.executable ??
    (process.executablePath === undefined ? undefined : kernel.vfs.resolveFromRoot(process.executablePath));
  return new Map([
    ["exe", link(kernel, executable)],
    ["cwd", link(kernel, () => process.fs.cwd)],
    ["root", link(kernel, () => process.fs.root)],
  ]);
}

function descriptors(process: Process | undefined): readonly number[] {
  return !process || process.exit ? [] : Array.from(process.files.all(), ([descriptor]) => descriptor);
}

function descriptorLink(kernel: Kernel, process: Process | undefined, descriptor: number): ProcLink | undefined {
  const file = !process || process.exit ? undefined : process.files.peek(descriptor);
  if (file === undefined) return undefined;
  const { location } = file;
  return location
    ? link(kernel, () => location)
    : { text: () => file.label, follow: () => descriptionLocation(kernel.vfs, file) };
}
