import { type Consideration, NameList } from "../../policy/index.ts";
import { Budget, type BudgetLimits } from "./budget.ts";

/** Rights narrower than the role's, for an agent that a program makes for one task. */
export interface Rights {
  /** Tools it may use of those that its role grants, by name or as `prefix*`. Default: all of them. */
  readonly tools?: readonly string[];
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
  readonly #tools: readonly NameList[];

  private constructor(budget: Budget, tools: readonly NameList[]) {
    this.budget = budget;
    this.#tools = tools;
  }

  static of(rights: Rights, above: Narrowing | undefined, now: () => number): Narrowing {
    const budget = new Budget(rights.budget ?? {}, above?.budget, now);
    const own = rights.tools === undefined ? [] : [new NameList(rights.tools)];
    return new Narrowing(budget, [...(above === undefined ? [] : above.#tools), ...own]);
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

function notGranted(tool: string): Consideration {
  return { rule: "rights", outcome: "refuses", why: `This agent was made without the right to use ${tool}.` };
}
