import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoopConfig, ZeroTrustLoop } from "../../src/index.ts";
import { openTestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** Between the yes and the use each thing that a yes is bound to becomes another: then it is not what was agreed to. */

type Tools = LoopConfig["tools"];

function withTools(config: LoopConfig, tools: Tools): LoopConfig {
  return { ...config, tools: { ...config.tools, ...tools } };
}

const MAIL = { external: true, effect: "outward", ask: "always" } as const;
const REQUEST = { tool: "mail", input: { to: "a@example.org", text: "hello" } };

/** Asks and agrees; gives the review's id. */
async function agreed(loop: ZeroTrustLoop, request: { tool: string; input: object; callId?: string }): Promise<string> {
  const asked = await talk(loop, "writer").permit(request as never);
  assert.ok(asked.status === "waiting", asked.status);
  const review = loop.reviews.find(asked.reviewId);
  assert.equal(
    (await loop.reviews.approve(asked.reviewId, { hash: review?.hash ?? "", reviewer: "ann" })).status,
    "done",
  );
  return asked.reviewId;
}

const DEFINITIONS: Readonly<Record<string, object>> = {
  description: { ...MAIL, description: "now pays" },
  effect: { external: true, ask: "always" },
  label: { ...MAIL, output: { trust: "trusted" } },
  "what is done on a flag": { ...MAIL, onFlag: "neutralise" },
  schema: { ...MAIL, inputSchema: { type: "object" } },
  "where it runs": { template: "shell", ask: "always", code: "true" },
};

for (const [what, mail] of Object.entries(DEFINITIONS))
  test(`another definition of the tool: its ${what}`, async () => {
    await using world = await openTestLoop((config) => withTools(config, { mail: MAIL }));
    const callId = "call-1";
    const approval = await agreed(world.loop, { ...REQUEST, callId });
    await world.loop.close();
    const config = withTools(world.loop.policy.config as LoopConfig, { mail: mail as Tools[string] });
    const later = await ZeroTrustLoop.open({ config, directory: world.directory });
    try {
      for (const request of [
        { ...REQUEST, approval },
        { ...REQUEST, callId },
      ]) {
        const answer = await talk(later, "writer").permit(request);
        assert.ok(answer.status === "refused" || answer.status === "waiting", answer.status);
        if (answer.status === "refused") assert.match(answer.decision.reason, /changed; ask again|no longer/);
        else assert.notEqual(answer.reviewId, approval);
      }
      assert.equal(later.reviews.find(approval)?.state, "superseded");
    } finally {
      await later.close();
    }
  });

for (const program of ["/usr/local/bin/python3", undefined])
  test(`another Python than that of the yes: ${program ?? "whichever is found"}`, async () => {
    const python = { template: "python", ask: "always", mounts: [] } as const;
    await using world = await openTestLoop((config) => ({
      ...withTools(config, { python }),
      python: { program: "/usr/bin/python3" },
    }));
    const request = { tool: "python", input: { code: "1" } };
    const approval = await agreed(world.loop, request);
    await world.loop.close();
    const { python: _, ...before } = world.loop.policy.config as LoopConfig;
    const config = { ...before, ...(program !== undefined && { python: { program } }) };
    const later = await ZeroTrustLoop.open({ config, directory: world.directory });
    const answer = await talk(later, "writer").permit({ ...request, approval });
    assert.ok(answer.status === "refused", answer.status);
    assert.match(answer.decision.reason, /the tool's definition changed/);
    await later.close();
  });

test("another rule that asks", async () => {
  await using world = await openTestLoop((config) => ({
    ...withTools(config, { mail: { external: true, effect: "outward" } }),
    roles: { ...config.roles, writing: { tools: ["mail"], ask: ["mail"] } },
  }));
  const approval = await agreed(world.loop, REQUEST);
  await world.loop.close();
  const before = world.loop.policy.config as LoopConfig;
  const config = { ...before, roles: { ...before.roles, writing: { tools: ["mail"], ask: ["m*"] } } };
  const same = await ZeroTrustLoop.open({ config, directory: world.directory });
  // The same rule, written otherwise, still asks: what was agreed to stands.
  assert.equal((await talk(same, "writer").permit({ ...REQUEST, approval })).status, "permitted");
  await same.close();
  const again = await ZeroTrustLoop.open({ config, directory: world.directory });
  const second = await agreed(again, REQUEST);
  await again.close();
  const stricter = { ...withTools(config, { mail: { external: true, effect: "outward", ask: "always" } }) };
  const later = await ZeroTrustLoop.open({ config: stricter, directory: world.directory });
  const answer = await talk(later, "writer").permit({ ...REQUEST, approval: second });
  assert.ok(answer.status === "refused");
  assert.match(answer.decision.reason, /the rules that ask/);
  await later.close();
});

test("another input, tool, agent or conversation is another call; the yes stays for its own", async () => {
  await using world = await openTestLoop((config) => withTools(config, { mail: MAIL, post: MAIL }));
  const { loop } = world;
  const approval = await agreed(loop, REQUEST);
  const refused = [
    talk(loop, "writer").permit({ ...REQUEST, input: { ...REQUEST.input, text: "hello!" }, approval }),
    talk(loop, "writer").permit({ ...REQUEST, tool: "deploy", approval }),
    talk(loop, "writer", "other").permit({ ...REQUEST, approval }),
    talk(loop, "reader").permit({ ...REQUEST, approval }),
  ];
  for (const answer of await Promise.all(refused)) assert.equal(answer.status, "refused");
  assert.equal((await talk(loop, "writer").permit({ ...REQUEST, approval })).status, "permitted");
  assert.equal((await talk(loop, "writer").permit({ ...REQUEST, approval })).status, "refused");
});

test("other files than those the yes was given for", { skip: kvmMissing() }, async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  const writer = talk(loop, "writer");
  const write = (text: string) =>
    writer.call({ tool: "python", input: { code: `open('/project/deploy.sh', 'w').write('echo ${text}')` } });
  await write("harmless");
  const request = { tool: "deploy", input: { code: "sh /project/deploy.sh" } };
  const approval = await agreed(loop, request);
  await write("mischief");
  const answer = await writer.call({ ...request, approval });
  assert.ok(answer.status === "refused", answer.status);
  assert.match(answer.decision.reason, /the conversation's files changed/);
  const second = await agreed(loop, request);
  const done = await writer.call({ ...request, approval: second });
  assert.ok(done.status === "ok" && done.output.text === "mischief\n", done.forModel.text);
});
