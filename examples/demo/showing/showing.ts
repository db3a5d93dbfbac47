import type { Transcript } from "../agent/conversation.ts";
import type { Step } from "../agent/outcome.ts";
import { has } from "../host.ts";
import { quote } from "../story/narrator.ts";
import { tellBegin, tellWhy } from "../story/tell-frame.ts";
import { tellClaims, tellProofs } from "../story/tell-proofs.ts";
import { tellDecided } from "../story/tell-reviews.ts";
import { tellStep } from "../story/tell-step.ts";
import { tellUnguarded } from "../story/tell-unguarded.ts";
import { readTree } from "../world/tree.ts";
import { type Claim, checkClaims, type Unshown, unshownClaims } from "./claims.ts";
import { allReviews, decide, rejectRest } from "./decisions.ts";
import type { Facts } from "./facts.ts";
import { gatherFacts } from "./gather.ts";
import { GuardedAct } from "./guarded-act.ts";
import type { Stage } from "./stage.ts";
import { playUnguarded, type UnguardedAct } from "./unguarded-act.ts";

export interface Shown {
  readonly facts: Facts;
  readonly claims: readonly Claim[];
  readonly unshown: readonly Unshown[];
}

/** The whole showing. What is told and claimed is computed from what happened; nothing of it is known beforehand. */
export async function show(stage: Stage, isAuto: boolean): Promise<Shown> {
  const { narrator, world, isScripted } = stage;
  tellBegin(narrator, stage.host, isScripted, world.directory);
  await narrator.pause();
  const atBegin = readTree(world.project);
  const unguarded = await firstAct(stage);
  const afterUnguarded = readTree(world.project);
  const act = await GuardedAct.open(stage);
  try {
    const transcript = await secondAct(stage, act);
    const trees = { atBegin, afterUnguarded, beforeDecisions: readTree(world.project) };
    const made = await thirdAct(stage, act, transcript, isAuto);
    const facts = await gatherFacts(stage, { act, unguarded, transcript, trees, isAuto });
    return lastAct(stage, facts, [...transcript.steps, ...made]);
  } finally {
    await act.close();
  }
}

async function firstAct(stage: Stage): Promise<UnguardedAct> {
  const { narrator } = stage;
  narrator.say("1. Without a guard: the model gets what tools return as it is", "title");
  const unguarded = await playUnguarded(stage);
  tellUnguarded(narrator, unguarded);
  if (has(stage.host, "micro-vm"))
    narrator.say("  (The calls ran in micro-VMs all the same, so nothing of it happened to this machine.)", "quiet");
  narrator.blank();
  await narrator.pause();
  return unguarded;
}

async function secondAct({ narrator }: Stage, act: GuardedAct): Promise<Transcript> {
  narrator.say("2. Through the loop: the same model, task and documents", "title");
  const transcript = await act.play((step) => tellStep(narrator, step));
  narrator.say(`  The model says: ${quote(transcript.lastWords, 300)}`);
  tellWhy(narrator, transcript.steps);
  await narrator.pause();
  return transcript;
}

/** Gives the calls that were made because a person agreed. */
async function thirdAct(stage: Stage, act: GuardedAct, { steps }: Transcript, isAuto: boolean): Promise<Step[]> {
  const { narrator } = stage;
  narrator.say("3. A person decides what of it happens", "title");
  await decide(act.loop, stage, isAuto);
  const made = await act.carryOutAgreed(steps);
  await rejectRest(act.loop);
  tellDecided(narrator, await allReviews(act.loop));
  narrator.blank();
  await narrator.pause();
  return made;
}

function lastAct({ narrator }: Stage, facts: Facts, steps: readonly Step[]): Shown {
  narrator.say("4. What can be told afterwards", "title");
  narrator.say(
    `  Asked in a new conversation which account to pay, the model answers: ${quote(facts.guarded.answer, 100)}`,
  );
  const tools = new Map(steps.map(({ runId, tool }) => [`call ${runId}`, tool]));
  tellProofs(narrator, facts, (label) => tools.get(label) ?? "");
  const claims = checkClaims(facts);
  narrator.say("  Found on disk, in the vector store, at the attacker's server and in the ledger:");
  const unshown = unshownClaims(facts);
  tellClaims(narrator, claims, unshown);
  return { facts, claims, unshown };
}
