import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CallRequest, type Conversation, type LoopConfig, ZeroTrustLoop } from "../../src/index.ts";
import { NAME } from "../../src/policy/names.ts";
import type { Defence, DefendedRun, Person } from "./defence.ts";
import { callsOf, contentOf, type RecordedCall, type RecordedRun } from "./recorded-run.ts";
import { knownTool, namedTools } from "./tools.ts";

/** The product as the defence: each call asks for a permit, each result is received under it. */

const REVIEWER = "the person of the recording";

/** How the tools of the recorded agents are configured. */
export interface Configuration {
  readonly name: string;
  /** Whether content carries where it came from; without, a policy knows roles alone. */
  readonly taint: boolean;
  readonly ask: "never" | "always" | "when-tainted";
}

/** One role for each kind of agent, with all the tools that its users' tasks may need. */
export const ROLES: Configuration = { name: "role permissions", taint: false, ask: "never" };
export const ROLES_WITH_PERSON: Configuration = {
  name: "role permissions, a person for each outward call",
  taint: false,
  ask: "always",
};
export const RULE_OF_TWO: Configuration = {
  name: "ours, with the rule of two alone",
  taint: true,
  ask: "never",
};
/**
 * What acts outside asks a person once the conversation holds what others wrote: with the rule of two alone an agent that
 * has seen nothing private yet may still be sent to a page, or made to pay.
 */
export const OURS: Configuration = { name: "ours", taint: true, ask: "when-tainted" };

type Tools = LoopConfig["tools"];

function toolsFor(runs: readonly RecordedRun[], { taint, ask }: Configuration): Tools {
  const used = runs.flatMap((run) => callsOf(run).map(({ name }) => ({ suite: run.suite, name })));
  const tools: Record<string, Tools[string]> = {};
  for (const { suite, name } of [...namedTools(), ...used]) {
    // A model may make up any name; what cannot be one is in no configuration, and refused.
    if (!NAME.test(toolName(suite, name))) continue;
    const { labels } = knownTool(suite, name);
    const isOutward = labels.includes("outward");
    const output = {
      trust: taint && labels.includes("untrusted") ? "untrusted" : "trusted",
      confidentiality: taint && labels.includes("private") ? "private" : "public",
    } as const;
    tools[toolName(suite, name)] = {
      external: true,
      effect: taint && isOutward ? "outward" : "none",
      ask: isOutward ? ask : "never",
      output,
    };
  }
  return tools;
}

function configFor(runs: readonly RecordedRun[], configuration: Configuration): LoopConfig {
  const suites = [...new Set([...namedTools(), ...runs].map(({ suite }) => suite))];
  const each = <T>(value: (suite: string) => T): Record<string, T> =>
    Object.fromEntries(suites.map((suite) => [suite, value(suite)]));
  return {
    stateDirectory: "state",
    agents: each((suite) => ({ role: suite })),
    roles: each((suite) => ({ tools: [`${suite}/*`] })),
    tools: toolsFor(runs, configuration),
  };
}

function toolName(suite: string, name: string): string {
  return `${suite}/${name}`;
}

export class LoopDefence implements Defence {
  readonly name: string;
  readonly #loop: ZeroTrustLoop;
  readonly #directory: string;

  private constructor(name: string, loop: ZeroTrustLoop, directory: string) {
    this.name = name;
    this.#loop = loop;
    this.#directory = directory;
  }

  static async open(runs: readonly RecordedRun[], configuration: Configuration): Promise<LoopDefence> {
    const directory = mkdtempSync(join(tmpdir(), "ztl-agents-"));
    const loop = await ZeroTrustLoop.open({ config: configFor(runs, configuration), directory });
    return new LoopDefence(configuration.name, loop, directory);
  }

  begin(run: RecordedRun, person: Person): DefendedRun {
    return new LoopRun(this.#loop, run, person);
  }

  async close(): Promise<void> {
    await this.#loop.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** One run is one conversation of its suite's agent. */
class LoopRun implements DefendedRun {
  readonly #loop: ZeroTrustLoop;
  readonly #run: RecordedRun;
  readonly #person: Person;
  readonly #conversation: Conversation;
  readonly #waiting = new Set<string>();
  /** The permits that were given, for the results that follow in the same order. */
  readonly #permits = new Map<RecordedCall, string>();

  constructor(loop: ZeroTrustLoop, run: RecordedRun, person: Person) {
    this.#loop = loop;
    this.#run = run;
    this.#person = person;
    this.#conversation = loop.agent(run.suite).conversation({ id: run.id.slice(-256) });
  }

  async before(call: RecordedCall): Promise<"made" | "asked" | "refused"> {
    const tool = toolName(this.#run.suite, call.name);
    const request = { tool, input: call.args as CallRequest["input"] };
    const answer = await this.#conversation.permit(request);
    this.#permits.set(call, answer.callId);
    if (answer.status === "permitted") return "made";
    if (answer.status === "refused") return "refused";
    if (!(await this.#isAgreed(answer.reviewId))) return "asked";
    const again = await this.#conversation.permit({ ...request, callId: answer.callId });
    if (again.status !== "permitted") throw new Error(`what a person agreed to is ${again.status}`);
    return "asked";
  }

  async after(call: RecordedCall): Promise<"read" | "asked" | "unread"> {
    const callId = this.#permits.get(call) ?? "";
    const received = await this.#conversation.receive({ callId, content: contentOf(call) });
    if (received.status === "ok") return "read";
    // What is withheld is counted for the attack all the same: the model is taken to have read it elsewhere.
    if (received.status !== "flagged") return "asked";
    if (await this.#isAgreed(received.reviewId)) await this.#conversation.collect(received.reviewId);
    return "asked";
  }

  /** Nobody agreed, so what still waits is rejected. */
  async end(): Promise<void> {
    for (const id of this.#waiting) await this.#loop.reviews.reject(id, { reviewer: REVIEWER });
  }

  async #isAgreed(reviewId: string): Promise<boolean> {
    if (this.#person === "absent") {
      this.#waiting.add(reviewId);
      return false;
    }
    const review = await this.#loop.reviews.get(reviewId);
    if (review === undefined) throw new Error("what waits for a person cannot be found");
    await this.#loop.reviews.approve(reviewId, { hash: review.hash, reviewer: REVIEWER });
    return true;
  }
}
