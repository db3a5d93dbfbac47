import { atLeast, type Finding, type Verdict } from "../../guard/index.ts";

/** So many findings of a verdict in the order of the content, and how many are left out. */
export interface KeptFindings {
  readonly findings: readonly Finding[];
  readonly unlisted: number;
}

/**
 * What is kept of a verdict with more findings than anybody reads: the gravest, and of every rule that found something at least
 * one. Otherwise a text full of small things would push out what it was withheld for, such as a guard model's one finding.
 */
export function keptFindings({ findings, unlisted }: Verdict, most: number): KeptFindings {
  if (findings.length <= most) return { findings, unlisted };
  const ranked = gravestFirst(findings);
  const firsts = new Set(new Map(ranked.toReversed().map((finding) => [finding.rule, finding])).values());
  const chosen = new Set([...new Set([...firsts, ...ranked])].slice(0, most));
  return {
    findings: findings.filter((finding) => chosen.has(finding)),
    unlisted: unlisted + findings.length - chosen.size,
  };
}

/** Those of one severity stay in the order of the content. */
export function gravestFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (a, b) => Number(!atLeast(a.severity, b.severity)) - Number(!atLeast(b.severity, a.severity)),
  );
}

/** Findings that are not among others: of another rule, or at another place. */
export function findingsBeyond(found: readonly Finding[], known: readonly Finding[]): readonly Finding[] {
  const key = ({ rule, start, end }: Finding): string => `${rule} ${start} ${end}`;
  const keys = new Set(known.map(key));
  return found.filter((finding) => !keys.has(key(finding)));
}
