import { canonicalise } from "../base/canonical-json.ts";
import { sha256Hex } from "../base/sha256.ts";
import type { ReadonlyGrant } from "../egress/index.ts";
import { ZtlError } from "../errors.ts";
import type { BreakerConfig } from "./config/breaker.ts";
import { parseConfig } from "./config/parse.ts";
import type { ReviewsConfig } from "./config/reviews.ts";
import type { LimitsConfig, LoopConfig, ResolvedConfig, ToolConfig } from "./config/schema.ts";
import { type Consideration, conclude, type Decision } from "./decision.ts";
import { CONFIG_DEPTH_MAX, RESOLVED_BYTES_MAX } from "./limits.ts";
import { NAME, NameList } from "./names.ts";
import { type ReviewedFile, type ReviewersNeeded, ReviewersPolicy } from "./reviewers-needed.ts";
import { ASKING_RULES, outputConfidentiality } from "./rules.ts";
import type { Label, Taint } from "./taint.ts";
import { type Trip, TripsPolicy, type Trouble } from "./trips.ts";

interface Agent {
  readonly role: string;
  readonly mayMessage: NameList;
  readonly egress: GrantList | undefined;
}

interface Role {
  readonly tools: NameList;
  readonly ask: NameList;
  readonly limits: LimitsConfig;
  readonly egress: GrantList | undefined;
}

type GrantList = readonly ReadonlyGrant[];
/** Each list narrows the others. */
export type EgressLists = readonly GrantList[];

/** Who may do what. Decides from the configuration alone and runs nothing; what is not allowed is refused. */
export class Policy {
  /** Checked, complete and frozen: later changes to the object it was made from have no effect. */
  readonly config: ResolvedConfig;
  /** SHA-256 in hexadecimal of the configuration: two that mean the same have the same; see `hashOf`. */
  readonly hash: string;
  // Maps, since a name may be one that every object has a member for.
  readonly #agents: ReadonlyMap<string, Agent>;
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #tools: ReadonlyMap<string, ToolConfig>;
  readonly #reviewers: ReviewersPolicy;
  readonly #trips: TripsPolicy;

  /** Relative host paths begin at `directory`. Throws ZtlError `config-invalid`. */
  constructor(config: LoopConfig, directory: string = process.cwd()) {
    this.config = parseConfig(config, { directory });
    this.hash = hashOf(this.config);
    this.#agents = mapValues(this.config.agents, ({ role, mayMessage, egress }) => ({
      role,
      egress,
      mayMessage: new NameList(mayMessage),
    }));
    this.#roles = mapValues(this.config.roles, ({ tools, ask, limits = {}, egress }) => ({
      egress,
      tools: new NameList(tools),
      ask: new NameList(ask),
      limits,
    }));
    this.#tools = mapValues(this.config.tools, (tool) => tool);
    this.#trips = new TripsPolicy((this.config.breaker ?? {}) as BreakerConfig);
    this.#reviewers = new ReviewersPolicy((this.config.reviews ?? {}) as ReviewsConfig);
  }

  /** Whether an agent whose conversation holds this taint may call a tool. Names may be anything, also a model's choice. */
  decide(call: { readonly agent: string; readonly tool: string; readonly taint: Taint }): Decision {
    const agent = this.#agentNamed(call.agent);
    if (agent === undefined) return refuse([], "No agent of this name is configured.");
    const considered: Consideration[] = [
      { rule: `agents.${call.agent}`, outcome: "allows", why: `Its role is ${agent.role}.` },
    ];
    const tool = this.#tools.get(call.tool);
    if (tool === undefined) return refuse(considered, "No tool of this name is configured.");
    const role = this.#roleOf(agent);
    const grant = `roles.${agent.role}.tools`;
    if (!role.tools.has(call.tool)) {
      considered.push({ rule: grant, outcome: "does-not-apply", why: `It does not list ${call.tool}.` });
      return refuse(considered, `The role ${agent.role} may not use ${call.tool}.`);
    }
    considered.push({ rule: grant, outcome: "allows", why: `The role ${agent.role} may use ${call.tool}.` });
    const granted = { role: agent.role, roleAsk: role.ask, name: call.tool, tool, taint: call.taint };
    return conclude([...considered, ...ASKING_RULES.map((rule) => rule(granted))]);
  }

  /** Whether an agent of this name is configured, by itself or by a pattern. */
  hasAgent(name: string): boolean {
    return this.#agentNamed(name) !== undefined;
  }

  /** The name or pattern under which the configuration has an agent; the name itself when it has none. */
  configuredAgent(name: string): string {
    return this.#agentKey(name) ?? name;
  }

  /** Names of the tools that an agent's role grants, in the order of the configuration. */
  toolsOf(agentName: string): readonly string[] {
    const agent = this.#agentNamed(agentName);
    if (agent === undefined) return [];
    const { tools } = this.#roleOf(agent);
    return [...this.#tools.keys()].filter((name) => tools.has(name));
  }

  /** Whether one agent may send another a message. The taint travels: join the sender's to the receiver's. */
  decideMessage({ from, to }: { readonly from: string; readonly to: string }): Decision {
    const sender = this.#agentNamed(from);
    if (sender === undefined || !this.hasAgent(to)) return refuse([], "No agent of this name is configured.");
    const rule = `agents.${from}.mayMessage`;
    if (sender.mayMessage.has(to))
      return conclude([{ rule, outcome: "allows", why: `The agent ${from} may send messages to ${to}.` }]);
    return refuse(
      [{ rule, outcome: "does-not-apply", why: `It does not list ${to}.` }],
      `The agent ${from} may not send messages to ${to}.`,
    );
  }

  /** Whether `reviewersFor` looks at the files of a change set. */
  get reviewersDependOnFiles(): boolean {
    return this.#reviewers.isAboutFiles;
  }

  /** How many reviewers, and of which roles, must agree to this. `files` are those chosen of a change set. */
  reviewersFor(
    review: {
      readonly kind: "change-set" | "call" | "content" | "breaker";
      readonly agent: string;
      readonly tool: string;
    },
    files: readonly ReviewedFile[] = [],
  ): ReviewersNeeded {
    const { kind, agent, tool } = review;
    return this.#reviewers.neededFor({ kind, agent, tool, files, isOutward: this.tool(tool)?.effect === "outward" });
  }

  /** Which breakers a sign of trouble opens. */
  tripsFor(trouble: Trouble): readonly Trip[] {
    return this.#trips.for(trouble);
  }

  /** Whether an open breaker keeps calls of this tool from being made; messages go by a name that no tool has. */
  isClosedByBreaker(tool: string): boolean {
    return this.config.breaker?.closes !== "outward" || (this.tool(tool)?.effect ?? "outward") === "outward";
  }

  tool(name: string): ToolConfig | undefined {
    return this.#tools.get(name);
  }

  /** The label of everything that a tool returns. Throws ZtlError `unknown-tool`. */
  labelOf(name: string): Label {
    const tool = this.#tools.get(name);
    if (tool === undefined) throw unknownName("tool");
    return { source: name, trust: tool.output.trust, confidentiality: outputConfidentiality(tool) };
  }

  /** The tool's limits and those of the agent's role, the smaller of both. Throws ZtlError `unknown-tool`, `unknown-agent`. */
  limitsFor(agentName: string, toolName: string): LimitsConfig {
    const agent = this.#agentNamed(agentName);
    if (agent === undefined) throw unknownName("agent");
    const tool = this.#tools.get(toolName);
    if (tool === undefined) throw unknownName("tool");
    return smallest((tool.external ? undefined : tool.limits) ?? {}, this.#roleOf(agent).limits);
  }

  /**
   * What a tool may connect to for an agent: lists of grants, each of which narrows the others. Undefined for a tool without any, which
   * has no network. Throws ZtlError `unknown-…`.
   */
  egressFor(agentName: string, toolName: string): EgressLists | undefined {
    const agent = this.#agentNamed(agentName);
    if (agent === undefined) throw unknownName("agent");
    const tool = this.#tools.get(toolName);
    if (tool === undefined) throw unknownName("tool");
    if (tool.external || (tool.egress ?? []).length === 0) return undefined;
    return [tool.egress, this.#roleOf(agent).egress, agent.egress].filter((list) => list !== undefined);
  }

  /** The one with exactly this name, else the one of the longest pattern that fits. A pattern is nobody's name. */
  #agentNamed(name: string): Agent | undefined {
    return this.#agents.get(this.#agentKey(name) ?? "");
  }

  #agentKey(name: string): string | undefined {
    if (!NAME.test(name)) return undefined;
    if (this.#agents.has(name)) return name;
    const fitting = [...this.#agents.keys()].filter((key) => key.endsWith("*") && name.startsWith(key.slice(0, -1)));
    return fitting.sort((a, b) => b.length - a.length)[0];
  }

  #roleOf(agent: Agent): Role {
    // The configuration is checked: an agent's role exists.
    return this.#roles.get(agent.role) as Role;
  }
}

function refuse(considered: readonly Consideration[], why: string): Decision {
  return conclude([...considered, { rule: "default-deny", outcome: "refuses", why }]);
}

function unknownName(kind: "agent" | "tool"): ZtlError {
  return new ZtlError(`unknown-${kind}`, `No ${kind} of this name is configured; ask \`decide\` first`);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function smallest(a: LimitsConfig, b: LimitsConfig): LimitsConfig {
  const limits: Record<string, number> = {};
  for (const [name, value] of [...Object.entries(a), ...Object.entries(b)])
    if (value !== undefined) limits[name] = Math.min(limits[name] ?? value, value);
  return limits;
}

/**
 * What an editor needs is no part of what the configuration means. The values of a tool's variables may be secrets that somebody who
 * knows the rest could try one by one, so that only their names count; a keyed hash of each is in the record of a run.
 */
function hashOf({ $schema: _, ...config }: ResolvedConfig): string {
  const tools = Object.fromEntries(
    Object.entries(config.tools).map(([name, tool]) => [
      name,
      "env" in tool && tool.env !== undefined ? { ...tool, env: Object.keys(tool.env).sort() } : tool,
    ]),
  );
  return sha256Hex(
    canonicalise({ ...config, tools }, { bytesMax: RESOLVED_BYTES_MAX, depthMax: CONFIG_DEPTH_MAX + 1 }),
  );
}
