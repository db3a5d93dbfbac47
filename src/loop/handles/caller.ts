import { z } from "zod";
import { type EgressGrant, grantsSchema, type ReadonlyGrant } from "../../egress/index.ts";
import { ZtlError } from "../../errors.ts";
import { type Consideration, NameList } from "../../policy/index.ts";
import { EGRESS_RIGHTS_MAX } from "../limits.ts";
import { Budget, type BudgetLimits } from "./budget.ts";

/** Rights narrower than the role's, for an agent that a program makes for one task. */
export interface Rights {
  /** Tools it may use of those that its role grants, by name or as `prefix*`. Default: all of them. */
  readonly tools?: readonly string[];
  /** What its tools may connect to, of what the policy and the agent above it grant; `[]` for nothing. Default: all of that. */
  readonly egress?: readonly EgressGrant[];
  readonly budget?: BudgetLimits;
}

/** Who acts, as its handle says: nobody else can say it. */
export interface Caller {
  readonly agent: string;
  readonly conversation: string;
  /** The job that the conversation does, as others did before. */
  readonly job?: string | undefined;
  /** The workspace that it shares with others that name it; absent for one of its own. */
  readonly workspace?: string | undefined;
  /** The step that its calls belong to. */
  readonly traceparent: string;
  readonly narrowing: Narrowing;
}

/** What a handle may do less than its role. */
export class Narrowing {
  readonly budget: Budget;
  /** Each narrows what the configuration grants. */
  readonly egress: readonly (readonly ReadonlyGrant[])[];
  readonly #tools: readonly NameList[];

  private constructor(budget: Budget, tools: readonly NameList[], egress: Narrowing["egress"]) {
    this.budget = budget;
    this.#tools = tools;
    this.egress = egress;
  }

  /** Throws ZtlError `invalid-input`. */
  static of(rights: Rights, above: Narrowing | undefined, now: () => number): Narrowing {
    const budget = new Budget(rights.budget ?? {}, above?.budget, now);
    const own = rights.tools === undefined ? [] : [new NameList(rights.tools)];
    const ways = rights.egress === undefined ? [] : [checkedGrants(rights.egress)];
    const egress = [...(above?.egress ?? []), ...ways];
    if (egress.length > EGRESS_RIGHTS_MAX)
      throw new ZtlError("invalid-input", `Egress rights are narrowed at most ${EGRESS_RIGHTS_MAX} times`);
    return new Narrowing(budget, [...(above === undefined ? [] : above.#tools), ...own], egress);
  }

  grants(tool: string): boolean {
    return this.#tools.every((list) => list.has(tool));
  }

  /** What stands against a call beyond the policy. */
  refusals(tool: string, cost: number): Consideration[] {
    const budget = this.budget.refusal(cost);
    return [...(this.grants(tool) ? [] : [notGranted(tool)]), ...(budget === undefined ? [] : [budget])];
  }
}

function checkedGrants(grants: readonly EgressGrant[]): readonly ReadonlyGrant[] {
  const parsed = grantsSchema.safeParse(grants);
  if (!parsed.success) throw new ZtlError("invalid-input", `Invalid egress rights: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function notGranted(tool: string): Consideration {
  return { rule: "rights", outcome: "refuses", why: `This agent was made without the right to use ${tool}.` };
}
