import type { Framing } from "./frames.ts";
import type { Refusal } from "./refusal.ts";

/** How a client and a model server speak with each other, where the proxy looks into it. */
export type Wire = "chat" | "responses" | "ollama-chat" | "ollama-generate";

/** By the end of the path: some servers have these under a prefix of their own. */
const ENDS: readonly (readonly [end: string, wire: Wire])[] = [
  ["/chat/completions", "chat"],
  ["/responses", "responses"],
  ["/api/chat", "ollama-chat"],
  ["/api/generate", "ollama-generate"],
];

/** Undefined for what is passed through. A path is compared as a lenient server would: decoded, in any case, with doubled slashes. */
export function wireOf(method: string, target: string): Wire | undefined {
  if (method !== "POST") return undefined;
  const written = target.replace(/[?#].*$/s, "");
  let path = written;
  try {
    path = decodeURIComponent(written);
  } catch {
    // As it is: no server knows such a path as one of these.
  }
  const plain = new URL(`http://x/${path.replaceAll("\\", "/").replace(/\/+/g, "/").replace(/^\//, "")}`).pathname;
  const name = plain.replace(/\/+$/, "").toLowerCase();
  return ENDS.find(([end]) => name.endsWith(end))?.[1];
}

/** Ollama streams unless it is told not to; OpenAI the other way round. */
export function framingOf(wire: Wire): Framing {
  return isOllama(wire) ? "lines" : "events";
}

export function isOllama(wire: Wire | undefined): boolean {
  return wire === "ollama-chat" || wire === "ollama-generate";
}

/** A whole answer that says why there is no other, as clients of this wire read it. */
export function errorBody(isOfOllama: boolean, { code, message }: Refusal): string {
  const said = `ztl proxy: ${message}`;
  return JSON.stringify(
    isOfOllama ? { error: said, code } : { error: { message: said, type: "ztl_proxy_error", param: null, code } },
  );
}

/** The same as the last frame of a stream that has begun. */
export function errorFrame(wire: Wire, refusal: Refusal): string {
  if (isOllama(wire)) return `${errorBody(true, refusal)}\n`;
  if (wire === "chat") return `data: ${errorBody(false, refusal)}\n\n`;
  const { code, message } = refusal;
  const event = { type: "error", code, message: `ztl proxy: ${message}`, param: null };
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
}
