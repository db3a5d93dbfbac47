import { readFileSync } from "node:fs";

/** The arrows of a diagram in ARCHITECTURE.md, as `from to`, but for those of its beginning and end. */
export function drawnArrows(title: string): readonly string[] {
  const text = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");
  const [, diagram = ""] = new RegExp(`title: ${title}\\n---\\nstateDiagram-v2\\n([^\`]*)\`\`\``).exec(text) ?? [];
  return [...diagram.matchAll(/^\s*([\w[\]*]+) --> ([\w[\]*]+)/gm)]
    .map(([, from, to]) => `${from} ${to}`)
    .filter((arrow) => !arrow.includes("[*]"))
    .sort();
}
