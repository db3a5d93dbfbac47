import type { HostLacks } from "../../src/loop/index.ts";

/** What this host has for the demo; the parts of the story that need the rest are left out, and named. */
export interface Host {
  readonly lacks: HostLacks;
  /** Where a guest would find it: the host's programs are the guest's. */
  readonly pdftotext: string | undefined;
}

/** What a part of the story may need: a micro-VM, Python in one, or that the PDF was read in one. */
export type Need = "micro-vm" | "python" | "pdf-in-micro-vm";

export function has(host: Host, need: Need): boolean {
  const { microVms, python } = host.lacks;
  switch (need) {
    case "micro-vm":
      return microVms === undefined;
    case "python":
      return microVms === undefined && python === undefined;
    case "pdf-in-micro-vm":
      return !readsElsewhere(host, "read_pdf");
  }
}

/** Tools that the loop runs in a micro-VM wherever it can; without one their calls are not made. */
const WORK: Readonly<Record<string, Need>> = { shell: "micro-vm", python: "python" };

/** Why calls of a tool cannot be made here; undefined when they can. */
export function lackFor(host: Host, tool: string): string | undefined {
  const need = Object.hasOwn(WORK, tool) ? WORK[tool] : undefined;
  if (need === undefined || has(host, need)) return undefined;
  return (host.lacks.microVms ?? host.lacks.python)?.text;
}

/** How the inbox is read: in a micro-VM where one can read it, else by this program, which only ever looks at its own two files. */
export function readsElsewhere(host: Host, tool: string): boolean {
  if (tool === "read_page") return !has(host, "python");
  return tool === "read_pdf" && !has(host, host.pdftotext === undefined ? "python" : "micro-vm");
}
