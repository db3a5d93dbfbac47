import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A Linux kernel with KVM for AMD, as a distribution packages it. */
export interface Kernel {
  readonly image: string;
  /** In the order in which they have to be loaded. */
  readonly modules: readonly { readonly name: string; readonly content: Buffer }[];
}

/** What names an unpacked kernel package other than the installed ones. */
export const KERNEL_DIRECTORY = "ZTL_TEST_KERNEL";
const MODULES = ["irqbypass", "kvm", "kvm-amd"];

/** The first kernel that has all modules, from the directory named by {@link KERNEL_DIRECTORY} or this machine's own. */
export function findKernel(): Kernel | undefined {
  const root = process.env[KERNEL_DIRECTORY] ?? "/";
  for (const image of globSync(join(root, "boot/vmlinuz-*")).sort().reverse()) {
    const version = image.slice(image.indexOf("vmlinuz-") + "vmlinuz-".length);
    const modules = ["lib/modules", "usr/lib/modules"].map((place) => join(root, place, version)).find(existsSync);
    const found = modules === undefined ? [] : MODULES.map((name) => findModule(modules, name));
    // A kernel may have a part built in; it has no KVM for AMD only when that module is missing.
    if (found.at(-1) !== undefined) return { image, modules: found.filter((module) => module !== undefined) };
  }
  return undefined;
}

function findModule(directory: string, name: string): Kernel["modules"][number] | undefined {
  const [path] = globSync(join(directory, `kernel/**/${name}.ko*`));
  return path === undefined ? undefined : { name, content: unpack(path) };
}

function unpack(path: string): Buffer {
  const tool = { xz: "xz", zst: "zstd", gz: "gzip" }[path.slice(path.lastIndexOf(".") + 1)];
  return tool === undefined ? readFileSync(path) : execFileSync(tool, ["-dc", path], { maxBuffer: 1 << 28 });
}
