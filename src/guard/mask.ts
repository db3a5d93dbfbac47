import type { Finding } from "./finding.ts";
import { RuleSet } from "./rule-set.ts";
import { SECRET_RULES } from "./rules/secrets.ts";
import { scan } from "./scanner.ts";

/** A text without its secrets. */
export interface Masked {
  readonly bytes: Uint8Array;
  /** What was masked, at its places in the text as it was; empty when nothing was, and `bytes` are the same then. */
  readonly secrets: readonly Finding[];
}

let secretRules: RuleSet | undefined;

/** A text may hold this many secrets; one with more is a list of keys, and everything that looks like one is masked in each round. */
const ROUNDS_MAX = 64;

/**
 * Puts a note in the place of each secret, also of one that is encoded: `(masked: github-token)`. Of a private key the header
 * stays. The same text is always masked the same way.
 */
export function maskSecrets(content: Uint8Array | string): Masked {
  secretRules ??= new RuleSet(SECRET_RULES);
  const original = typeof content === "string" ? new TextEncoder().encode(content) : content;
  let bytes: Uint8Array = original;
  const secrets: Finding[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const found = scan(bytes, { rules: secretRules }).findings.filter(({ family }) => family === "secret");
    if (found.length === 0) break;
    if (round === 0) secrets.push(...found);
    const masked = withNotes(bytes, found);
    if (masked === undefined) break;
    bytes = masked;
  }
  return { bytes, secrets: Object.freeze(secrets) };
}

/** Rules that know a secret by its name or place and not by its form: another rule's word for it says more. */
const UNSPECIFIC: ReadonlySet<string> = new Set(["secret.assignment", "secret.authorization", "secret.url-password"]);

/** Undefined when nothing could be replaced. */
function withNotes(bytes: Uint8Array, found: readonly Finding[]): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let index = 0; index < found.length; ) {
    const first = found[index] as Finding;
    const start = Math.max(first.start, from);
    let { end, rule } = first;
    // Overlapping ones are one secret, or so close that nothing between them is worth showing.
    for (index++; index < found.length && (found[index] as Finding).start < end; index++) {
      const next = found[index] as Finding;
      end = Math.max(end, next.end);
      if (UNSPECIFIC.has(rule)) rule = next.rule;
    }
    if (end <= start) continue;
    pieces.push(bytes.subarray(from, start), Buffer.from(`(masked: ${nameOf(rule)})`));
    from = end;
  }
  if (pieces.length === 0) return undefined;
  pieces.push(bytes.subarray(from));
  return Buffer.concat(pieces);
}

/** What a secret is, without the family: `github-token`. */
export function nameOf(rule: string): string {
  return rule.slice(rule.indexOf(".") + 1);
}
