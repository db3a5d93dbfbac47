import type { LoopConfig } from "./config/schema.ts";
import { Policy } from "./policy.ts";
import { type Label, Taint } from "./taint.ts";

/** Helpers for tests: a configuration in which every rule has something to say. */

export const SAMPLE: LoopConfig = {
  isolation: { seccomp: "required", landlock: "preferred" },
  agents: {
    researcher: { role: "reader", mayMessage: ["writer", "team_*"] },
    writer: { role: "editor" },
    team_lead: { role: "editor" },
    toString: { role: "constructor" },
  },
  roles: {
    reader: {
      tools: ["read_*", "send_mail", "clock"],
      ask: ["read_secret"],
      limits: { wallMs: 5000, cpuMs: 2000, memoryBytes: 64 * 2 ** 20 },
    },
    editor: { tools: ["*"] },
    constructor: { tools: ["valueOf"] },
  },
  tools: {
    read_page: { external: true, description: "Fetches a page." },
    read_pdf: {
      template: "python",
      file: "/tools/read_pdf.py",
      args: ["{name}"],
      mounts: [
        { host: "inbox", guest: "/inbox", mode: "ro", trust: "untrusted", confidentiality: "public" },
        { host: "/opt/tools", guest: "/tools", mode: "ro", trust: "trusted", confidentiality: "public" },
      ],
      limits: { wallMs: 20_000, cpuMs: 1000 },
    },
    read_secret: {
      template: "shell",
      code: "cat /vault/secret",
      mounts: [{ host: "vault", guest: "/vault", mode: "ro" }],
    },
    send_mail: { external: true, effect: "outward", output: { trust: "trusted" } },
    clock: { template: "exec", program: "date", output: { trust: "trusted", confidentiality: "public" } },
    deploy: { external: true, effect: "outward", ask: "always" },
    edit: {
      template: "shell",
      ask: "when-tainted",
      mounts: [{ host: "project", guest: "/project", mode: "overlay" }],
    },
    // The type checker takes this name for the method that every object has.
    valueOf: { template: "exec" as const },
  },
};

export function samplePolicy(): Policy {
  return new Policy(SAMPLE, "/srv/agent");
}

export const UNTRUSTED: Label = { source: "read_page", trust: "untrusted", confidentiality: "public" };
export const PRIVATE: Label = { source: "read_mail", trust: "trusted", confidentiality: "private" };

/** A taint with just these facts. */
export function taintWith({ isUntrusted = false, isPrivate = false }): Taint {
  return Taint.of(...(isUntrusted ? [UNTRUSTED] : []), ...(isPrivate ? [PRIVATE] : []));
}
