/** Arguments of Node that show the demo in a process of its own. */
export function demoProgram(args: readonly string[]): string[] {
  const door = new URL("../../examples/demo/index.ts", import.meta.url).href;
  const code = `const { demo } = await import("${door}"); process.exitCode = await demo(process.argv.slice(1));`;
  return ["--input-type=module", "--eval", code, "--", ...args];
}

/** What the demo's person decides, in the order of {@link decisionsOf}. */
export const DECISIONS: readonly string[] = [
  "python applied",
  // Blocked for what stands in it plainly: a person could have let it through.
  "read_page rejected",
  "remember rejected",
  "remember used",
  "send_mail rejected",
  "shell rejected",
];

export function decisionsOf(reviews: readonly { readonly tool: string; readonly state: string }[]): string[] {
  return reviews.map(({ tool, state }) => `${tool} ${state}`).sort();
}
