import { join } from "node:path";
import { ZeroTrustLoop } from "../../../src/loop/index.ts";
import { converse, type Transcript } from "../agent/conversation.ts";
import { GuardedHands, type GuardedHandsOptions } from "../agent/guarded-hands.ts";
import { GuardedNotes } from "../agent/notes.ts";
import type { Mail, Step } from "../agent/outcome.ts";
import { AGENT } from "../config.ts";
import { QUESTION, TASK } from "../task.ts";
import type { Stage } from "./stage.ts";

/** The same model and task through the loop, which stays open for what follows. */
export class GuardedAct {
  readonly loop: ZeroTrustLoop;
  readonly notes: GuardedNotes;
  readonly mails: Mail[] = [];
  readonly #stage: Stage;

  private constructor(stage: Stage, loop: ZeroTrustLoop, notes: GuardedNotes) {
    this.#stage = stage;
    this.loop = loop;
    this.notes = notes;
  }

  static async open(stage: Stage): Promise<GuardedAct> {
    const { directory } = stage.world;
    const loop = await ZeroTrustLoop.open({
      config: stage.config,
      directory,
      stateDirectory: join(directory, "state"),
    });
    return new GuardedAct(stage, loop, new GuardedNotes(join(directory, "notes.sqlite")));
  }

  async play(onStep: (step: Step) => void): Promise<Transcript> {
    const { model, signal } = this.#stage;
    return converse({ model, hands: this.#hands("task"), request: TASK, signal, onStep });
  }

  /** Makes the calls that a person agreed to. */
  async carryOutAgreed(steps: readonly Step[]): Promise<Step[]> {
    const hands = this.#hands("task");
    const made: Step[] = [];
    for (const { tool, input, outcome } of steps) {
      if (outcome.kind !== "not-permitted" || outcome.result.status !== "waiting") continue;
      const { reviewId } = outcome.result;
      const review = await this.loop.reviews.get(reviewId);
      if (review?.state === "approved") made.push(await hands.carryOut(tool, input, reviewId));
    }
    return made;
  }

  /** What the agent says in a new conversation, from memory. */
  async askLater(): Promise<string> {
    const { model, signal } = this.#stage;
    return (await converse({ model, hands: this.#hands("later"), request: QUESTION, signal })).lastWords;
  }

  async close(): Promise<void> {
    this.notes.close();
    await this.loop.close();
  }

  #hands(id: string): GuardedHands {
    const { loop, notes, mails } = this;
    const conversation = loop.agent(AGENT).conversation({ id });
    return new GuardedHands({ conversation, notes: notes.of(conversation), mails, ...this.#common() });
  }

  #common(): Pick<GuardedHandsOptions, "host" | "inbox" | "signal"> {
    const { host, world, signal } = this.#stage;
    return { host, inbox: world.inbox, signal };
  }
}
