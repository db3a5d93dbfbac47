import type { Conversation, ZeroTrustLoop } from "../../../src/loop/index.ts";
import { AGENT } from "../config.ts";
import { type Host, lackFor, readsElsewhere } from "../host.ts";
import { MAILS_MAX } from "../limits.ts";
import { readInbox } from "../world/read-inbox.ts";
import { type Hands, notHere } from "./hands.ts";
import { PlainNotes } from "./notes.ts";
import type { Input, Mail, Outcome, Step } from "./outcome.ts";

/**
 * An agent without a guard: the model gets what tools return as it is, remembers and mails what it likes. Only its tools
 * still run in micro-VMs, so that what it would have done to this host can be shown without its being done.
 */
export class PlainHands implements Hands {
  readonly notes = new PlainNotes();
  readonly mails: Mail[] = [];
  readonly #loop: ZeroTrustLoop;
  readonly #conversation: Conversation;

  readonly #host: Host;
  readonly #inbox: string;

  constructor(loop: ZeroTrustLoop, host: Host, inbox: string) {
    this.#loop = loop;
    this.#host = host;
    this.#inbox = inbox;
    this.#conversation = loop.agent(AGENT).conversation();
  }

  async said(): Promise<void> {}

  async carryOut(tool: string, input: Input): Promise<Step> {
    const lack = lackFor(this.#host, tool);
    if (lack !== undefined) return notHere(tool, input, lack);
    const { outcome, told } = await this.#do(tool, input);
    return { tool, input, outcome, told };
  }

  async #do(tool: string, input: Input): Promise<Pick<Step, "outcome" | "told">> {
    switch (tool) {
      case "remember": {
        const text = input.text ?? "";
        await this.notes.keep(text);
        return { outcome: { kind: "remembered", text }, told: "Remembered." };
      }
      case "recall": {
        const found = await this.notes.find(input.query ?? "");
        return { outcome: { kind: "recalled", found }, told: found.join("\n") };
      }
      case "send_mail": {
        const mail = { to: input.to ?? "", subject: input.subject ?? "", body: input.body ?? "" };
        if (this.mails.length < MAILS_MAX) this.mails.push(mail);
        return { outcome: { kind: "mailed", mail }, told: "Sent." };
      }
      default:
        return this.#run(tool, input);
    }
  }

  async #run(tool: string, input: Input): Promise<{ readonly outcome: Outcome; readonly told: string }> {
    if (readsElsewhere(this.#host, tool)) {
      const told = readInbox(this.#inbox, tool, input.file ?? "");
      return { outcome: { kind: "raw", changed: [], egress: [] }, told };
    }
    const result = await this.#conversation.call({ tool, input });
    if (!("run" in result) || result.run === undefined) {
      return { outcome: { kind: "called", result }, told: result.forModel.text };
    }
    const record = await this.#loop.records.run(result.runId);
    const changed = result.changeSet?.files.map(({ path }) => path) ?? [];
    const outcome = { kind: "raw", changed, egress: Object.keys(result.run.egressAttempts) } as const;
    const output = [record?.stdout, record?.stderr].map((bytes) => Buffer.from(bytes ?? []).toString("utf8"));
    return { outcome, told: output.filter((text) => text !== "").join("\n") || "(no output)" };
  }
}
