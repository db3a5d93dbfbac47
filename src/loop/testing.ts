import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoopConfig } from "../policy/index.ts";
import type { LoopOptions } from "./assemble.ts";
import type { CallResult } from "./call/call-result.ts";
import type { Conversation } from "./handles/conversation.ts";
import { ZeroTrustLoop } from "./loop.ts";

/** An agent's conversation, the same for the same names. */
export function talk(loop: ZeroTrustLoop, agent: string, id = "main"): Conversation {
  return loop.agent(agent).conversation({ id });
}

/** What a tool that runs elsewhere returned, after it was permitted. */
export async function received(
  conversation: Conversation,
  tool: string,
  content: string | Uint8Array,
): Promise<CallResult> {
  const permit = await conversation.permit({ tool, input: {} });
  if (permit.status !== "permitted") throw new Error(`${tool} is ${permit.status}`);
  return conversation.receive({ callId: permit.callId, content });
}

/** A loop over directories of its own, for tests. */
export interface TestLoop extends AsyncDisposable {
  readonly loop: ZeroTrustLoop;
  readonly config: LoopConfig;
  /** Holds `project`, `inbox` and `state`. */
  readonly directory: string;
  readonly project: string;
  readonly inbox: string;
  /** A second one over the same state, as another process would have it. */
  readonly again: () => Promise<ZeroTrustLoop>;
}

export async function openTestLoop(
  change: (config: LoopConfig) => LoopConfig = (config) => config,
  options: Omit<LoopOptions, "config" | "directory"> = {},
): Promise<TestLoop> {
  const directory = mkdtempSync(join(tmpdir(), "ztl-loop-"));
  const [project, inbox] = [join(directory, "project"), join(directory, "inbox")];
  for (const each of [project, inbox]) mkdirSync(each);
  const config = change(testConfig());
  const opened: ZeroTrustLoop[] = [];
  const open = async (): Promise<ZeroTrustLoop> => {
    const loop = await ZeroTrustLoop.open({ config, directory, ...options });
    opened.push(loop);
    return loop;
  };
  return {
    loop: await open(),
    config,
    directory,
    project,
    inbox,
    again: open,
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((loop) => loop.close()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Two agents: one reads what anybody may have written, the other works on a project. */
export function testConfig(): LoopConfig {
  const inbox = { host: "inbox", guest: "/inbox", mode: "ro", confidentiality: "public" } as const;
  const project = { host: "project", guest: "/project", mode: "overlay", trust: "trusted" } as const;
  return {
    stateDirectory: "state",
    agents: { reader: { role: "reading", mayMessage: ["writer"] }, writer: { role: "writing" } },
    roles: {
      reading: { tools: ["read", "fetch"] },
      writing: { tools: ["python", "shell", "read", "mail", "deploy"] },
    },
    tools: {
      read: {
        template: "python",
        code: "import json, sys\nprint(open('/inbox/' + json.load(sys.stdin)['file']).read(), end='')",
        mounts: [inbox],
      },
      python: { template: "python", mounts: [project], output: { trust: "trusted" } },
      shell: { template: "shell", mounts: [project], output: { trust: "trusted" } },
      fetch: { external: true },
      mail: { external: true, effect: "outward", output: { trust: "trusted", confidentiality: "public" } },
      deploy: { template: "shell", ask: "always", mounts: [project], output: { trust: "trusted" } },
    },
  };
}
