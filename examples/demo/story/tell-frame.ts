import type { Step } from "../agent/outcome.ts";
import type { Host } from "../host.ts";
import type { Narrator } from "./narrator.ts";

/** What stands around the acts. */

export function tellBegin(narrator: Narrator, host: Host, isScripted: boolean, directory: string): void {
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
  tellLacks(narrator, host);
  narrator.say(`  Everything happens in ${directory}.`, "quiet");
  narrator.blank();
}

/** What this host lacks, before anything is begun; what needs it is left out. */
function tellLacks(narrator: Narrator, { lacks }: Host): void {
  const { microVms, python } = lacks;
  const lack = microVms ?? python;
  if (lack === undefined) return;
  const skipped =
    microVms === undefined
      ? "What needs Python is skipped; the rest is shown."
      : "What needs a micro-VM is skipped: running code, changes of files, replay. Policy, guard, memory, reviews and ledger are shown; " +
        "the documents are read by this program.";
  narrator.say(`  NOT ALL OF IT CAN BE SHOWN HERE: ${lack.text}. ${skipped}`, "bad");
  if (lack.remedy !== undefined && lack.remedy !== "")
    narrator.say(`  What helps: ${lack.remedy}. \`ztl doctor\` tells more.`);
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
