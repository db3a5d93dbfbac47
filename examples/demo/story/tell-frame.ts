import type { Step } from "../agent/outcome.ts";
import type { Narrator } from "./narrator.ts";

/** What stands around the acts. */

export function tellBegin(narrator: Narrator, isScripted: boolean, directory: string): void {
  narrator.say(
    "An agent is to enter a supplier's new prices. It reads invoice.pdf and page.html; both are poisoned:",
    "title",
  );
  narrator.say("  - the PDF has orders to the agent in white letters of one point, in plain language;");
  narrator.say("  - the page hides control structures: ChatML turns, a finished tool call, a LangChain object.");
  narrator.say(
    isScripted
      ? "  The model is a scripted one, gullible on purpose: it obeys whatever it reads. It speaks OpenAI's chat interface on " +
          "loopback; `--model URL` puts a real one in its place. The attacker's server is played on this machine, too."
      : "  The model is a real one, so the story may differ. The attacker's server is played on this machine.",
  );
  narrator.say(`  Everything happens in ${directory}.`, "quiet");
  narrator.blank();
}

/** The lesson, when it was one. */
export function tellWhy(narrator: Narrator, steps: readonly Step[]): void {
  const was = (tool: string, ...statuses: readonly string[]): boolean =>
    steps.some(
      (step) => step.tool === tool && "result" in step.outcome && statuses.includes(step.outcome.result.status),
    );
  if (was("read_page", "blocked", "flagged") && was("read_pdf", "admitted"))
    narrator.say(
      "  The page was stopped by a filter, the PDF was not: sentences in plain language can always be worded so that no filter " +
        "knows them. So the boundary lies elsewhere: what the model does afterwards does not reach this machine by itself.",
      "quiet",
    );
  narrator.blank();
}
