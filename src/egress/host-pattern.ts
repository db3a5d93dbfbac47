import type { HostPattern } from "../base/host-pattern.ts";
import { parseHostName } from "./host-name.ts";

const BELOW = "*.";

/**
 * "api.example.com" or "*.example.com". Undefined for what is neither; nor may a pattern be all names of a top-level domain,
 * which is nobody's.
 */
export function parseHostPattern(text: string): HostPattern | undefined {
  if (!text.startsWith(BELOW)) {
    const name = parseHostName(text);
    return name && { kind: "exact", name };
  }
  const name = parseHostName(text.slice(BELOW.length));
  return name?.includes(".") ? { kind: "below", name } : undefined;
}

export function describeHost({ kind, name }: HostPattern): string {
  return kind === "exact" ? name : `${BELOW}${name}`;
}
