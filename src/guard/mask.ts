import type { Finding } from "./finding.ts";
import type { LimitRule } from "./findings.ts";
import { RuleSet } from "./rule-set.ts";
import { SECRET_RULES } from "./rules/secrets.ts";
import { scan } from "./scanner.ts";

/** A text without its secrets. */
export interface Masked {
  readonly bytes: Uint8Array;
  /** What was masked, at its places in the text as it was; empty when nothing was known of. */
  readonly secrets: readonly Finding[];
  /** The text could not be looked through, so that one note stands in the place of all of it. */
  readonly isWhole: boolean;
}

let secretRules: RuleSet | undefined;

/** Secrets that are masked in one round: a list of so many keys is some 500 KB long, and masked in a tenth of a second. */
const SECRETS_PER_ROUND = 16_384;
/** A second round masks what stood behind the last of the first, the third finds nothing more, unless somebody made the text for it. */
const ROUNDS_MAX = 3;

/**
 * Limits behind which something was not looked at. Too deep an encoding is none of them: the text itself and what decodes from it were
 * looked at as deep as the guard looks, and the guard withholds the rest as too deep, for a person to see.
 */
const ENDS_EARLY: ReadonlySet<string> = new Set<LimitRule>([
  "limit.input-bytes",
  "limit.decoded-bytes",
  "limit.candidates",
  "limit.findings",
]);

/**
 * Puts a note in the place of each secret, also of one that is encoded: `(masked: github-token)`. Of a private key the header
 * stays. A text that cannot be looked through to its end is masked as a whole. The same text is always masked the same way.
 */
export function maskSecrets(content: Uint8Array | string): Masked {
  secretRules ??= new RuleSet(SECRET_RULES);
  const original = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const limits = { findings: SECRETS_PER_ROUND, infoFindingsPerRule: SECRETS_PER_ROUND };
  let bytes: Uint8Array = original;
  let secrets: readonly Finding[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { findings } = scan(bytes, { rules: secretRules, limits });
    const found = findings.filter(({ family }) => family === "secret");
    if (round === 0) secrets = Object.freeze(found);
    if (found.length === 0) {
      if (findings.some(({ rule }) => ENDS_EARLY.has(rule))) break;
      return { bytes, secrets, isWhole: false };
    }
    const masked = withNotes(bytes, found);
    if (masked === undefined) break;
    bytes = masked;
  }
  return { bytes: Buffer.from(`(masked: all of it, ${original.length} bytes)`), secrets, isWhole: true };
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
