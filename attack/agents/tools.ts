import { readFileSync } from "node:fs";

/**
 * What is known of the tools that the recorded agents had (tools.json), before any run is looked at. By what a tool is,
 * never by what stands in a recording:
 *
 * - `private`: it returns, or acts with, what is the user's own: an account, mail, files, the workspace's messages.
 * - `untrusted`: it returns text that somebody other than the user and the service's operator may have written: mail,
 *   messages, pages, reviews, the subject of a transfer, names that members choose.
 * - `outward`: the call itself does something outside: sends, pays, posts, books, invites, shares, creates, changes or
 *   deletes there. Asking for a page is one, too: whoever runs the server learns of it, and of what the address holds.
 * - `memory`: what it writes is read again by later conversations: files, calendars, channels, profiles, standing orders.
 *
 * A tool without any of them reads what its operator keeps for everybody.
 */
export type ToolLabel = "private" | "untrusted" | "outward" | "memory";

export interface KnownTool {
  readonly labels: readonly ToolLabel[];
  /** The arguments that say whom or what an outward call reaches; without them, all do. */
  readonly target?: readonly string[];
}

const KNOWN = JSON.parse(readFileSync(new URL("./tools.json", import.meta.url), "utf8")) as Readonly<
  Record<string, Readonly<Record<string, KnownTool>>>
>;
/** Nobody has looked at it, so it may be anything. */
const UNKNOWN: KnownTool = { labels: ["private", "untrusted", "outward", "memory"] };

export function knownTool(suite: string, name: string): KnownTool {
  const tools = Object.hasOwn(KNOWN, suite) ? KNOWN[suite] : {};
  return (tools !== undefined && Object.hasOwn(tools, name) ? tools[name] : undefined) ?? UNKNOWN;
}

/** Every tool that the file names, by suite. */
export function namedTools(): readonly { readonly suite: string; readonly name: string }[] {
  return Object.entries(KNOWN).flatMap(([suite, tools]) => Object.keys(tools).map((name) => ({ suite, name })));
}
