import type { LoopConfig } from "./schema.ts";

/** The same for both tools, so that a step of one goes on with what a step of the other wrote. */
const PROJECT = {
  host: ".",
  guest: "/project",
  mode: "overlay",
  trust: "untrusted",
  confidentiality: "private",
} as const;

/** What `ztl policy init` writes: one agent that may run Python and shell over this directory, and change nothing unseen. */
export const STARTER_CONFIG: LoopConfig = {
  $schema: "./node_modules/zero-trust-loop/ztl.config.schema.json",
  agents: { assistant: { role: "worker" } },
  roles: { worker: { tools: ["python", "shell"] } },
  tools: {
    python: {
      description: "Runs Python code over the project. Changes to its files wait for a person's approval.",
      template: "python",
      mounts: [PROJECT],
      cwd: "/project",
    },
    shell: {
      description: "Runs a shell script over the project. Changes to its files wait for a person's approval.",
      template: "shell",
      mounts: [PROJECT],
      cwd: "/project",
    },
  },
};
