import { join } from "node:path";
import { ZtlError } from "../../../src/errors.ts";
import { ZeroTrustLoop } from "../../../src/loop/index.ts";
import { converse, type Transcript } from "../agent/conversation.ts";
import type { Mail, Step } from "../agent/outcome.ts";
import { PlainHands } from "../agent/plain-hands.ts";
import { QUESTION, TASK } from "../task.ts";
import type { Stage } from "./stage.ts";

export const DOCTOR = "`ztl doctor` tells what is missing and how to get it.";

export interface UnguardedAct {
  readonly transcript: Transcript;
  readonly mails: readonly Mail[];
  /** All that lies in its vector store afterwards. */
  readonly notes: readonly string[];
  /** What it says in a new conversation, from memory. */
  readonly answer: string;
}

/**
 * The model with nothing between it and what it reads. Throws ZtlError `micro-vm-unavailable` when none of its calls could
 * run on this host, and what `converse` throws.
 */
export async function playUnguarded({ world, host, config, model, signal }: Stage): Promise<UnguardedAct> {
  const loop = await ZeroTrustLoop.open({
    config,
    directory: world.directory,
    stateDirectory: join(world.directory, "state-unguarded"),
  });
  const hands = new PlainHands(loop, host, world.inbox);
  try {
    const transcript = await converse({ model, hands, request: TASK, signal });
    expectMicroVms(transcript.steps);
    const { lastWords: answer } = await converse({ model, hands, request: QUESTION, signal });
    return { transcript, mails: hands.mails, notes: await hands.notes.everything(), answer };
  } finally {
    hands.notes.close();
    await loop.close();
  }
}

function expectMicroVms(steps: readonly Step[]): void {
  const failures = steps.flatMap(({ outcome }) =>
    outcome.kind === "called" && outcome.result.status === "error" ? [outcome.result.error] : [],
  );
  // What is wrong with the input is the model's own doing.
  const failure = failures.find(({ code }) => code !== "input-invalid");
  if (failure === undefined || steps.some(({ outcome }) => outcome.kind === "raw")) return;
  throw new ZtlError("micro-vm-unavailable", `No micro-VM runs here: ${failure.message}`, {
    ...failure,
    remedy: DOCTOR,
  });
}
