import { cutPlace, terminalLine } from "../base/text/index.ts";
import type { Counterfactual, ModelAction } from "../loop/index.ts";
import { unreadLines } from "./origins-text.ts";
import { shortId } from "./short-id.ts";

const ACTION_CHARACTERS = 400;

/** What leaving out a run's output changed. A model wrote the actions: they are painted (`base/text`). */
export function withoutText(outcome: Counterfactual): string {
  return [textOf(outcome), ...unreadLines(outcome.unread).map((line) => `${line}\n`)].join("");
}

function textOf(outcome: Counterfactual): string {
  switch (outcome.status) {
    case "nothing-given":
      return "The agent was given nothing of this run, so there is nothing to leave out.\n";
    case "no-step":
      return "The agent made no such call after it.\n";
    case "not-found":
      return "There is no such run; ztl runs lists them.\n";
    case "same":
      return `Without what it returned, the model does the same in all ${outcome.asked} steps that it was asked about.\n`;
    case "differs": {
      const { runId, recorded, having, without } = outcome.step;
      return `Without what it returned, the model acts otherwise where the agent made run ${shortId(runId)} (step ${outcome.asked} after it):
  with      ${actionText(having)}
  without   ${actionText(without)}
  recorded  ${actionText(recorded)}
`;
    }
  }
}

function actionText(action: ModelAction): string {
  const text = "answer" in action ? `answer: ${action.answer}` : `${action.tool} ${JSON.stringify(action.arguments)}`;
  return terminalLine(text.slice(0, cutPlace(text, ACTION_CHARACTERS)));
}
