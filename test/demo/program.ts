/** Arguments of Node that show the demo in a process of its own. */
export function demoProgram(args: readonly string[]): string[] {
  const door = new URL("../../examples/demo/index.ts", import.meta.url).href;
  const code = `const { demo } = await import("${door}"); process.exitCode = await demo(process.argv.slice(1));`;
  return ["--input-type=module", "--eval", code, "--", ...args];
}
