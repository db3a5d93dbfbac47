import { toByteString } from "../base/byte-string.ts";
import { PathGlobs } from "../base/path-globs.ts";
import type { ReviewRule, ReviewsConfig } from "./config/reviews.ts";
import { NameList } from "./names.ts";

/** What is to be decided, as far as rules on reviewers look at it. */
export interface ReviewSubject {
  readonly kind: "change-set" | "call" | "content" | "breaker";
  readonly agent: string;
  readonly tool: string;
  /** Of the tool of a call. */
  readonly isOutward: boolean;
  /** Of a change set: those that are chosen. */
  readonly files: readonly ReviewedFile[];
}

export interface ReviewedFile {
  readonly path: string;
  readonly hostPath: string;
  readonly isProtected: boolean;
}

export interface ReviewersNeeded {
  readonly reviewers: number;
  /** Each must be had by one of them. */
  readonly roles: readonly string[];
}

/** How many reviewers, and of which roles, must agree. */
export class ReviewersPolicy {
  /** Whether any rule looks at which files are changed. */
  readonly isAboutFiles: boolean;
  readonly #always: ReviewersNeeded;
  readonly #rules: readonly ((subject: ReviewSubject) => ReviewersNeeded | undefined)[];

  constructor({ reviewers = 1, role, rules = [] }: ReviewsConfig) {
    this.#always = { reviewers, roles: role === undefined ? [] : [role] };
    this.#rules = rules.map(compile);
    this.isAboutFiles = rules.some((rule) => rule.paths !== undefined || rule.protected === true);
  }

  neededFor(subject: ReviewSubject): ReviewersNeeded {
    const all = [this.#always, ...this.#rules.flatMap((rule) => rule(subject) ?? [])];
    const roles = [...new Set(all.flatMap((one) => one.roles))];
    return { reviewers: Math.max(...all.map((one) => one.reviewers)), roles };
  }
}

function compile(rule: ReviewRule): (subject: ReviewSubject) => ReviewersNeeded | undefined {
  const { kinds, effect, reviewers = 1, role } = rule;
  const needed = { reviewers, roles: role === undefined ? [] : [role] };
  const agents = rule.agents && new NameList(rule.agents);
  const tools = rule.tools && new NameList(rule.tools);
  const paths = rule.paths && new PathGlobs(rule.paths);
  const isAboutFiles = paths !== undefined || rule.protected === true;
  const fits = ({ path, hostPath, isProtected }: ReviewedFile): boolean =>
    (rule.protected !== true || isProtected) &&
    (paths === undefined || [path, hostPath].some((one) => paths.covers(toByteString(one.replace(/^\/+/, "")))));
  return (subject) => {
    const { kind, agent, tool, isOutward, files } = subject;
    const applies =
      (kinds === undefined || kinds.includes(kind)) &&
      (agents === undefined || agents.has(agent)) &&
      (tools === undefined || tools.has(tool)) &&
      (effect === undefined || (kind === "call" && isOutward)) &&
      (!isAboutFiles || files.some(fits));
    return applies ? needed : undefined;
  };
}
