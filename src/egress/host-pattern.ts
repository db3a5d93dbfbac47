import { type HostName, parseHostName } from "./host-name.ts";

/** Which hosts a grant is about: one, or all below one, which itself is not among them. */
export interface HostPattern {
  readonly kind: "exact" | "below";
  readonly name: HostName;
}

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

export function matchesHost({ kind, name }: HostPattern, host: HostName): boolean {
  return kind === "exact" ? host === name : host.endsWith(`.${name}`);
}

export function describeHost({ kind, name }: HostPattern): string {
  return kind === "exact" ? name : `${BELOW}${name}`;
}
