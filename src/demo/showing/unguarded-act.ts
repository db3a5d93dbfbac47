import { join } from "node:path";
import { ZeroTrustLoop } from "../../loop/index.ts";
import { converse, type Transcript } from "../agent/conversation.ts";
import type { Mail } from "../agent/outcome.ts";
import { PlainHands } from "../agent/plain-hands.ts";
import { QUESTION, TASK } from "../task.ts";
import type { Stage } from "./stage.ts";

export interface UnguardedAct {
  readonly transcript: Transcript;
  readonly mails: readonly Mail[];
  /** All that lies in its vector store afterwards. */
  readonly notes: readonly string[];
  /** What it says in a new conversation, from memory. */
  readonly answer: string;
}

/** The model with nothing between it and what it reads. */
export async function playUnguarded({ world, config, model, signal }: Stage): Promise<UnguardedAct> {
  const loop = await ZeroTrustLoop.open({
    config,
    directory: world.directory,
    stateDirectory: join(world.directory, "state-unguarded"),
  });
  const hands = new PlainHands(loop);
  try {
    const transcript = await converse({ model, hands, request: TASK, signal });
    const { lastWords: answer } = await converse({ model, hands, request: QUESTION, signal });
    return { transcript, mails: hands.mails, notes: await hands.notes.everything(), answer };
  } finally {
    hands.notes.close();
    await loop.close();
  }
}
