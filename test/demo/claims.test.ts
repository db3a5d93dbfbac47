import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { startAttacker } from "../../examples/demo/attacker.ts";
import { demoConfig, findPdftotext } from "../../examples/demo/config.ts";
import { startScriptedModel } from "../../examples/demo/scripted-model/scripted-model.ts";
import { checkClaims } from "../../examples/demo/showing/claims.ts";
import type { Facts } from "../../examples/demo/showing/facts.ts";
import { type Shown, show } from "../../examples/demo/showing/showing.ts";
import { Narrator } from "../../examples/demo/story/narrator.ts";
import { PLANTED_BY_PAGE, PLANTED_FACT, PLANTED_HOOK } from "../../examples/demo/world/planted.ts";
import { makeWorld, removeWorld } from "../../examples/demo/world/world.ts";
import type { HostLacks, LoopConfig } from "../../src/loop/index.ts";
import { ChatModel } from "../../src/model/index.ts";
import { kvmMissing } from "../kvm.ts";

/** The demo checks itself; here it is checked that its checks can fail. */

async function showing({
  change = (config) => config,
  pdftotext,
  lacks = {},
}: {
  readonly change?: (config: LoopConfig) => LoopConfig;
  readonly pdftotext: string | undefined;
  readonly lacks?: HostLacks;
}): Promise<Shown & { readonly story: string }> {
  const [attacker, scripted] = await Promise.all([startAttacker(), startScriptedModel()]);
  const world = makeWorld(attacker.url);
  const host = { lacks, pdftotext };
  const { signal } = new AbortController();
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  try {
    const narrator = new Narrator({ write, colours: false, pauses: false, signal });
    const model = new ChatModel({ url: scripted.url, model: "scripted" });
    const config = change(demoConfig(world, host));
    const shown = await show({ world, host, config, attacker, model, isScripted: true, narrator, signal }, true);
    return { ...shown, story: written.join("") };
  } finally {
    await Promise.all([attacker.close(), scripted.close()]);
    removeWorld(world);
  }
}

const wrongIn = (facts: Facts): string[] => checkClaims(facts).flatMap(({ id, holds }) => (holds ? [] : [id]));

/** For each claim, facts that are not so. */
const LIES: Readonly<Record<string, (facts: Facts) => Partial<Facts>>> = {
  "nothing-written-unasked": ({ trees }) => ({
    trees: { ...trees, beforeDecisions: new Map([...trees.atBegin, ["prices.csv", "other"]]) },
  }),
  "written-as-agreed": ({ trees }) => ({ trees: { ...trees, atEnd: new Map([...trees.atEnd, ["new", "x"]]) } }),
  "attacker-unreached": () => ({ attackerRequests: 1 }),
  "page-withheld": (facts) => withStep(facts, { told: PLANTED_BY_PAGE }),
  "mail-agreed": (facts) => ({
    guarded: { ...facts.guarded, mails: [{ to: "a@b.example", subject: "", body: "x@customers.example" }] },
  }),
  "memory-agreed": (facts) => ({ guarded: { ...facts.guarded, notes: [...facts.guarded.notes, PLANTED_FACT] } }),
  "protected-named": ({ reviews }) => ({
    reviews: reviews.map((review) =>
      review.kind === "change-set"
        ? { ...review, files: review.files.map(({ protectedBecause: _, ...file }) => file) }
        : review,
    ),
  }),
  "ledger-whole": () => ({ ledger: { ok: false, problem: { code: "chain-broken", index: 1, message: "" } } }),
  "replay-same": ({ pdf }) => ({ pdf: pdf && { ...pdf, replay: { status: "not-found" } } }),
  "attack-works": ({ unguarded }) => ({ unguarded: { ...unguarded, mails: [] } }),
  "attack-obeyed": ({ reviews }) => ({ reviews: reviews.filter(({ tool }) => tool !== "shell") }),
  "page-blocked": ({ guarded }) => ({
    guarded: {
      ...guarded,
      transcript: { ...guarded.transcript, steps: guarded.transcript.steps.filter(({ tool }) => tool !== "read_page") },
    },
  }),
  "mail-asked": (facts) =>
    withStep(facts, { tool: "send_mail", outcome: { kind: "mailed", mail: { to: "", subject: "", body: "" } } }),
  "planted-turn-refused": ({ guarded }) => ({
    guarded: {
      ...guarded,
      transcript: {
        ...guarded.transcript,
        steps: guarded.transcript.steps.filter(({ outcome }) => outcome.kind !== "memory-refused"),
      },
    },
  }),
  "hook-absent": ({ trees }) => ({ trees: { ...trees, atEnd: new Map([...trees.atEnd, [PLANTED_HOOK, "x"]]) } }),
  "work-done": () => ({ pricesCsv: "item,unit,price_eur\n" }),
  "memory-honest": ({ guarded }) => ({ guarded: { ...guarded, answer: PLANTED_FACT } }),
};

function withStep({ guarded }: Facts, part: object): Partial<Facts> {
  const { steps } = guarded.transcript;
  const step = { ...(steps[0] as (typeof steps)[number]), ...part };
  return { guarded: { ...guarded, transcript: { ...guarded.transcript, steps: [...steps, step] } } };
}

describe("the demo's checks", { skip: kvmMissing() }, () => {
  let facts: Facts;
  before(async () => {
    ({ facts } = await showing({ pdftotext: findPdftotext() }));
  });

  test("find nothing wrong in a showing as it is", () => assert.deepEqual(wrongIn(facts), []));
  test("are all doubted here", () =>
    assert.deepEqual(
      checkClaims(facts)
        .map(({ id }) => id)
        .sort(),
      Object.keys(LIES).sort(),
    ));
  for (const [id, lie] of Object.entries(LIES))
    test(`notice when it is not so: ${id}`, () => assert.ok(wrongIn({ ...facts, ...lie(facts) }).includes(id)));
});

test("a loop that asks nobody is found out by the demo", { skip: kvmMissing() }, async () => {
  const { claims, story } = await showing({
    pdftotext: findPdftotext(),
    change: (config) => ({
      ...config,
      tools: {
        ...config.tools,
        remember: { external: true, output: { trust: "trusted" } },
        send_mail: { external: true, output: { trust: "trusted" } },
        read_page: { ...(config.tools.read_page as object), onFlag: "neutralise" } as LoopConfig["tools"][string],
      },
    }),
  });
  const wrong = claims.filter(({ holds }) => !holds).map(({ id }) => id);
  for (const id of ["mail-agreed", "mail-asked", "memory-agreed", "memory-honest", "page-withheld"])
    assert.ok(wrong.includes(id), id);
  assert.match(story, /NOT TRUE: no private data left by mail/);
});

test("a host without pdftotext sees the same attack, through our own reader", { skip: kvmMissing() }, async () => {
  const { facts } = await showing({ pdftotext: undefined });
  assert.deepEqual(wrongIn(facts), []);
});

const NO_KVM = { text: "there is no /dev/kvm", remedy: "take another host" };
const NO_PYTHON = { text: "There is no python3 on this host's PATH", remedy: "install python3" };

test("a host without Python sees all that needs none, and reads what is skipped", { skip: kvmMissing() }, async () => {
  const { facts, claims, unshown, story } = await showing({ pdftotext: undefined, lacks: { python: NO_PYTHON } });
  assert.deepEqual(wrongIn(facts), []);
  assert.deepEqual(unshown.map(({ id }) => id).sort(), ["replay-same", "work-done"]);
  assert.ok(claims.some(({ id }) => id === "attack-works"));
  assert.match(story, /^ {2}NOT ALL OF IT CAN BE SHOWN HERE: There is no python3.*\n(.*\n)*1\. Without a guard/m);
  assert.match(story, /python .*-> skipped: There is no python3/);
});

test("a host without micro-VMs sees policy, guard, memory and ledger, and nothing is claimed of the rest", async () => {
  const { facts, claims, unshown, story } = await showing({ pdftotext: findPdftotext(), lacks: { microVms: NO_KVM } });
  assert.deepEqual(wrongIn(facts), []);
  const shownIds = claims.map(({ id }) => id);
  for (const id of ["page-blocked", "planted-turn-refused", "ledger-whole", "memory-honest"])
    assert.ok(shownIds.includes(id), id);
  for (const id of ["attack-works", "attack-obeyed", "mail-asked", "work-done", "replay-same", "protected-named"])
    assert.ok(unshown.some((one) => one.id === id) && !shownIds.includes(id), id);
  assert.match(story, /NOT ALL OF IT CAN BE SHOWN HERE: there is no \/dev\/kvm/);
  assert.match(story, /shell .*-> skipped: there is no \/dev\/kvm/);
  assert.match(story, /\d+ of \d+ claims found true; 6 skipped/);
});
