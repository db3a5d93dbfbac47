import { invariant } from "../errors.ts";
import type { Verdict } from "./finding.ts";
import { stricter } from "./policy.ts";
import type { Scanner } from "./scanner.ts";

/**
 * Two scanners as one, which gives the stricter verdict with the findings of both and the rule-set hash of the first.
 * The second is not asked about what the first blocks. When either throws there is no verdict, so nothing is admitted.
 */
export function both(first: Scanner, second: Scanner): Scanner {
  return {
    push(bytes) {
      first.push(bytes);
      second.push(bytes);
    },
    async end() {
      const one = await first.end();
      return one.decision === "block" ? one : stricterVerdict(one, await second.end());
    },
  };
}

function stricterVerdict(one: Verdict, other: Verdict): Verdict {
  invariant(one.contentSha256 === other.contentSha256, "both scanners saw the same content");
  const findings = [...one.findings, ...other.findings].sort((a, b) => a.start - b.start);
  return Object.freeze({
    ...one,
    decision: stricter(one.decision, other.decision),
    findings: Object.freeze(findings),
    unlisted: one.unlisted + other.unlisted,
  });
}
