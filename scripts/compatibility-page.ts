import { fileURLToPath } from "node:url";
import { syscallNumbers } from "../src/linux/syscalls/names.ts";
import type { Standing } from "../src/linux/syscalls/standing.ts";
import { standingOf } from "../src/linux/syscalls/table.ts";

export const COMPATIBILITY_PATH = fileURLToPath(new URL("../docs/compatibility.md", import.meta.url));

const INTRODUCTION = `# What the guest's Linux answers

Generated from the table of system calls by \`npm run compatibility\`; do not edit.
The programs in \`test/conformance/\` compare the answers with the host's own kernel. \`ztl run --trace -- PROGRAM\`
tells which calls a program makes, and marks those that are refused or not known.
`;

interface Row {
  readonly number: number;
  readonly name: string;
  readonly standing: Standing | undefined;
}

/** The page as the table has it now. */
export function compatibilityPage(): string {
  const rows: Row[] = syscallNumbers().map(([number, name]) => ({ number, name, standing: standingOf(name) }));
  const of = (kind: Standing["kind"] | undefined): Row[] => rows.filter(({ standing }) => standing?.kind === kind);
  const [implemented, partial, refused, unknown] = [of("implemented"), of("partial"), of("refused"), of(undefined)];
  return [
    INTRODUCTION,
    `Of ${rows.length} system calls of x86-64, ${implemented.length} are implemented, ${partial.length} in part, ${refused.length} refused and ${unknown.length} not known.\n`,
    "## In part\n",
    table(["call", "what differs"], partial, ({ standing }) => (standing?.kind === "partial" ? [standing.note] : [])),
    "## Refused\n",
    table(["call", "errno", "why"], refused, ({ standing }) =>
      standing?.kind === "refused" ? [standing.errno, standing.why] : [],
    ),
    "## Not known\n",
    `ENOSYS, as from a kernel without them; a run's result counts them (\`diagnostics.unknownSyscalls\`).\n`,
    list(unknown),
    "## Implemented\n",
    list(implemented),
  ].join("\n");
}

function table(head: readonly string[], rows: readonly Row[], cells: (row: Row) => readonly string[]): string {
  const lines = [head, head.map(() => "---"), ...rows.map((row) => [`\`${row.name}\``, ...cells(row)])];
  return `${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}\n`;
}

function list(rows: readonly Row[]): string {
  return `${rows.map(({ name }) => `\`${name}\``).join(", ")}\n`;
}
