import { displayWidth, padColumns, terminalLine } from "../base/text/index.ts";
import { describeGrant } from "../egress/index.ts";
import { type Decision, type Policy, Taint } from "../policy/index.ts";

/** One row of the table: what becomes of a call that the agent's role is granted. */
export interface Permission {
  readonly agent: string;
  readonly role: string;
  readonly tool: string;
  /** In a conversation that has taken in nothing. */
  readonly clean: Decision;
  /** In one that has taken in untrusted and private content. */
  readonly tainted: Decision;
}

const EVERYTHING_TAINTED = Taint.of({ source: "conversation", trust: "untrusted", confidentiality: "private" });

/** Every call that is not refused, by agent and tool in the configuration's order. */
export function permissionsOf(policy: Policy): readonly Permission[] {
  return Object.entries(policy.config.agents).flatMap(([agent, { role }]) =>
    Object.keys(policy.config.tools)
      .map((tool) => ({
        agent,
        role,
        tool,
        clean: policy.decide({ agent, tool, taint: Taint.none }),
        tainted: policy.decide({ agent, tool, taint: EVERYTHING_TAINTED }),
      }))
      .filter(({ clean }) => clean.decision !== "refuse"),
  );
}

export function listPermissions(policy: Policy, file: string): string {
  const permissions = permissionsOf(policy);
  const head = ["agent", "role", "tool", "clean", "tainted"];
  const rows = permissions.map(({ agent, role, tool, clean, tainted }) => [
    agent,
    role,
    tool,
    outcome(clean),
    outcome(tainted),
  ]);
  const used = new Set(permissions.map(({ tool }) => tool));
  const unused = Object.keys(policy.config.tools).filter((tool) => !used.has(tool));
  return [
    `${terminalLine(file)} is valid; its hash is ${policy.hash}`,
    "",
    table([head, ...rows]),
    "",
    "Everything else is refused. clean: a conversation that has taken in nothing; tainted: untrusted and private content.",
    ...(unused.length === 0
      ? []
      : [`Tools that no agent may use: ${unused.map((name) => terminalLine(name)).join(", ")}`]),
    ...waysOutOf(policy, permissions),
    ...wallsOf(policy),
    "",
  ].join("\n");
}

/** Where tools may connect to, for each agent that may use them; what narrows it is told beside it. */
function waysOutOf(policy: Policy, permissions: readonly Permission[]): string[] {
  const rows = permissions.flatMap(({ agent, tool }) => {
    const [own, ...narrowing] = policy.egressFor(agent, tool) ?? [];
    if (own === undefined) return [];
    const within = narrowing.map((list) => `; of these only: ${list.map(describeGrant).join("; ") || "none"}`);
    return [`  ${agent}, ${tool}: ${own.map(describeGrant).join("; ")}${within.join("")}`];
  });
  if (rows.length === 0) return [];
  return ["Ways out, by agent and tool; all other tools have no network:", ...rows.map((row) => terminalLine(row))];
}

/** What the configuration demands of hosts; whether this one has it is `ztl doctor`'s to find out. */
function wallsOf({ config }: Policy): string[] {
  const required = Object.entries(config.isolation ?? {}).flatMap(([wall, demand]) =>
    demand === "required" ? [wall] : [],
  );
  if (required.length === 0) return [];
  return [
    `Tools run only with these walls around each micro-VM (ztl doctor tells what this host has): ${required.join(", ")}`,
  ];
}

function outcome({ decision, rule }: Decision): string {
  return decision === "run" ? decision : `${decision} (${rule})`;
}

export function explainDecision(decision: Decision): string {
  const rows = decision.considered.map(({ rule, outcome, why }) => [
    rule === decision.rule ? "=>" : "  ",
    rule,
    outcome,
    why,
  ]);
  return `${decision.decision}: ${terminalLine(decision.reason)}\n\n${table(rows)}\n`;
}

function table(rows: readonly (readonly string[])[]): string {
  const painted = rows.map((row) => row.map((cell) => terminalLine(cell)));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...painted.map((row) => displayWidth(row[column] ?? ""))));
  return painted
    .map((row) =>
      row
        .map((cell, column) => padColumns(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
