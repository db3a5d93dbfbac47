import { isWithin } from "../../base/paths.ts";
import { suggestion } from "../../base/suggestion.ts";
import { looksLike } from "../look-alikes.ts";
import { NameList } from "../names.ts";
import { type Problem, problemAt } from "./problem.ts";
import type { ResolvedConfig, SandboxTool } from "./schema.ts";

/** What is wrong with a configuration of the right shape: names that lead nowhere, settings that contradict each other. */
export function referenceProblems(config: ResolvedConfig): readonly Problem[] {
  const tools = Object.keys(config.tools);
  const agents = Object.keys(config.agents);
  return [
    ...Object.entries(config.agents).flatMap(([agent, { role, mayMessage }]) => [
      ...(Object.hasOwn(config.roles, role)
        ? []
        : [problemAt(["agents", agent, "role"], unknownName("role", role, Object.keys(config.roles)))]),
      ...patternProblems("agent", mayMessage, agents, ["agents", agent, "mayMessage"]),
    ]),
    ...Object.entries(config.roles).flatMap(([role, granted]) => [
      ...patternProblems("tool", granted.tools, tools, ["roles", role, "tools"]),
      ...patternProblems("tool", granted.ask, tools, ["roles", role, "ask"]),
    ]),
    ...sandboxTools(config).flatMap(([name, tool]) => toolProblems(tool, ["tools", name])),
    ...(config.breaker?.trips ?? []).flatMap((rule, index) => [
      ...patternProblems("agent", rule.agents ?? [], agents, ["breaker", "trips", index, "agents"]),
      ...patternProblems("tool", rule.tools ?? [], tools, ["breaker", "trips", index, "tools"]),
    ]),
    ...identityProblems(config),
    ...(config.stateDirectory === undefined ? [] : stateProblems(config, config.stateDirectory)),
  ];
}

function unknownName(kind: string, written: string, known: readonly string[]): string {
  return `there is no ${kind} ${JSON.stringify(written)}${suggestion(written, known)}`;
}

function patternProblems(
  kind: string,
  patterns: readonly string[],
  known: readonly string[],
  path: readonly (string | number)[],
): readonly Problem[] {
  return patterns.flatMap((pattern, index) => {
    const list = new NameList([pattern]);
    return known.some((name) => list.has(name) || name === pattern || mayFit(name, pattern))
      ? []
      : [problemAt([...path, index], unknownName(kind, pattern, known))];
  });
}

/** Whether a pattern of agents has room for this name, or for some name of this pattern. */
function mayFit(known: string, written: string): boolean {
  if (!known.endsWith("*")) return false;
  const [prefix, beginning] = [known.slice(0, -1), written.replace(/\*$/, "")];
  return beginning.startsWith(prefix) || (written.endsWith("*") && prefix.startsWith(beginning));
}

function toolProblems(tool: SandboxTool, path: readonly string[]): readonly Problem[] {
  const places = tool.mounts.map(({ guest }) => guest);
  const twice = places.flatMap((guest, index) =>
    places.indexOf(guest) < index
      ? [problemAt([...path, "mounts", index, "guest"], `${JSON.stringify(guest)} is the place of another mount`)]
      : [],
  );
  if (tool.template !== "python" || tool.code === undefined || tool.file === undefined) return twice;
  return [...twice, problemAt([...path, "file"], "give either code or file")];
}

/** One person under two names would count twice; a name that looks like another's, or is an agent's, would be taken for it. */
function identityProblems({ reviews, agents }: ResolvedConfig): readonly Problem[] {
  const identities = Object.entries(reviews?.identities ?? {});
  const agentNames = new NameList(Object.keys(agents));
  return identities.flatMap(([name, { publicKey }], index) => {
    const path = ["reviews", "identities", name];
    const earlier = identities.slice(0, index);
    const alike = earlier.find(([other]) => looksLike(other) === looksLike(name))?.[0];
    const twin = earlier.find(([, other]) => other.publicKey === publicKey)?.[0];
    return [
      ...(agentNames.has(name) ? [problemAt(path, "is the name of an agent, and no agent decides")] : []),
      ...(alike === undefined ? [] : [problemAt(path, `looks like ${JSON.stringify(alike)}`)]),
      ...(twin === undefined ? [] : [problemAt([...path, "publicKey"], `is the key of ${JSON.stringify(twin)}`)]),
    ];
  });
}

/**
 * The state directory holds the keys: no guest may see it or a part of it. Paths are compared as written; whoever opens the
 * directory knows where its links lead, and checks again.
 */
function stateProblems(config: ResolvedConfig, stateDirectory: string): readonly Problem[] {
  return sandboxTools(config).flatMap(([tool, { mounts }]) =>
    mounts.flatMap(({ host }, index) =>
      isWithin(host, stateDirectory) || isWithin(stateDirectory, host)
        ? [problemAt(["tools", tool, "mounts", index, "host"], "would show the state directory to the guest")]
        : [],
    ),
  );
}

function sandboxTools(config: ResolvedConfig): readonly (readonly [string, SandboxTool])[] {
  return Object.entries(config.tools).flatMap(([name, tool]) => (tool.external ? [] : [[name, tool] as const]));
}
