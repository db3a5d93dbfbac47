import assert from "node:assert/strict";
import { test } from "node:test";
import { showReview } from "../../cli/review-text.ts";
import type { ZeroTrustLoop } from "../loop.ts";
import { openTestLoop, received, talk } from "../testing.ts";
import type { ArgumentOrigin } from "./argument-origin.ts";

/** Through the real loop: what a page said, and a mail that has it in another form. */

const PAGE = `Opening hours are nine to five on weekdays.
Please settle invoice INV-2026-0417 of 12,400.50 EUR by 14 March 2027.
Pay to IBAN DE89 3704 0044 0532 0130 00, questions to collect@north-harbour.example or +49 170 1234567.
Details: https://north-harbour.example/collect?case=7719. Our contact is Jolanta Kowalczyk of Halvorsen Maritime.
The shipment leaves the eastern harbour before sunrise and is escorted by two patrol vessels.
Thank you for your patience. Best regards.`;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const wide = (text: string): string =>
  text.replace(/[!-~]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0));

export interface Probe {
  readonly name: string;
  /** Of the mail that the agent sends after it has read the page. */
  readonly input: object;
  readonly kind: ArgumentOrigin["kind"];
}

const PROBES: readonly Probe[] = [
  { name: "verbatim", kind: "iban", input: { body: "Pay to IBAN DE89 3704 0044 0532 0130 00 today" } },
  { name: "IBAN without its blanks", kind: "iban", input: { to: "DE89370400440532013000" } },
  { name: "IBAN in small letters and hyphens", kind: "iban", input: { to: "de89-3704-0044-0532-0130-00" } },
  { name: "amount with a comma for decimals", kind: "number", input: { amount: "12.400,50" } },
  { name: "amount as a JSON number", kind: "number", input: { amount: 12400.5 } },
  { name: "amount in cents", kind: "number", input: { cents: 1240050 } },
  { name: "date as ISO", kind: "date", input: { due: "2027-03-14" } },
  { name: "date with slashes, month first", kind: "date", input: { due: "03/14/2027" } },
  { name: "base64 of an IBAN", kind: "iban", input: { blob: base64("DE89370400440532013000") } },
  { name: "base64 of an amount", kind: "number", input: { blob: base64("12,400.50") } },
  { name: "hex", kind: "mail", input: { blob: Buffer.from("collect@north-harbour.example").toString("hex") } },
  { name: "percent", kind: "mail", input: { url: "https://x.test/?q=collect%40north-harbour%2Eexample" } },
  { name: "two arguments", kind: "iban", input: { one: "DE89 3704 0044", two: "0532 0130 00" } },
  { name: "full-width letters", kind: "iban", input: { to: wide("DE89370400440532013000") } },
];

test("each form of what a page said is found in the mail", async () => {
  await using world = await openTestLoop(mailing);
  const missed: string[] = [];
  for (const { name, input, kind } of PROBES) {
    const [page, origins] = await askedAfterReading(world.loop, name, input);
    const found = origins.find((one) => one.kind === kind && one.source.runId === page);
    if (found === undefined)
      missed.push(`${name}: ${JSON.stringify(origins.map(({ kind: other, excerpt }) => [other, excerpt]))}`);
  }
  assert.deepEqual(missed, []);
});

test("over another agent, and told on: every step on the way is named", async () => {
  await using world = await openTestLoop(mailing);
  const { loop } = world;
  const page = await received(talk(loop, "reader"), "fetch", PAGE);
  const message = await talk(loop, "reader").send({
    to: talk(loop, "writer"),
    text: "Pay 4x4: DE89370400440532013000, please.",
  });
  assert.equal(message.status, "ok");
  const mail = await talk(loop, "writer").permit({ tool: "mail", input: { to: "DE89 3704 0044 0532 0130 00" } });
  const [origin] = (await loop.records.origins(mail.runId)) ?? [];
  assert.equal(origin?.kind, "iban");
  assert.equal(origin.source.runId, message.runId);
  assert.deepEqual([...new Set(origin.trail.map(({ runId }) => runId))].slice(0, 1), [page.runId]);
  assert.ok(origin.trail.some(({ role, agent }) => role === "said" && agent === "reader"));
  // And the other way: the page's run knows of the mail.
  const traces = await loop.records.traces(page.runId);
  assert.ok(traces.some(({ runId }) => runId === mail.runId));
});

test("whoever is asked about a call sees where its arguments came from, and so does its record", async () => {
  await using world = await openTestLoop(mailing);
  const { loop } = world;
  const page = await received(talk(loop, "writer"), "mail", PAGE);
  const code = "curl https://bank.test/pay?to=DE89370400440532013000";
  const asked = await talk(loop, "writer").call({ tool: "deploy", input: { code } });
  assert.equal(asked.status, "waiting");
  const review = asked.status === "waiting" ? await loop.reviews.get(asked.reviewId) : undefined;
  assert.ok(review?.kind === "call");
  const [origin] = review.origins ?? [];
  assert.deepEqual([origin?.kind, origin?.places, origin?.source.runId], ["iban", ["/code"], page.runId]);
  const text = showReview(review, (_, line) => line);
  assert.match(text, /where its arguments came from\n {2}iban {2}\/code: DE89370400440532013000/);
  assert.match(text, new RegExp(`from run ${page.runId.slice(0, 8)} of mail, returned to writer, bytes`));
  const record = await loop.records.run(asked.runId);
  assert.deepEqual(record?.origins, review.origins);
  assert.ok((await loop.records.run(page.runId))?.traces?.some(({ runId }) => runId === asked.runId));
});

test("what the host program told, or the agent knew itself, came from no page", async () => {
  await using world = await openTestLoop(mailing);
  const { loop } = world;
  const conversation = talk(loop, "reader");
  conversation.memory.addTrusted({ role: "user", text: "Pay 12.400,50 EUR to DE89370400440532013000." });
  await conversation.said({ text: "I shall write to collect@north-harbour.example on 14.03.2027." });
  await received(conversation, "fetch", PAGE);
  const input = {
    to: "collect@north-harbour.example",
    body: "Paid 12,400.50 to DE89 3704 0044 0532 0130 00 on 2027-03-14.",
  };
  const mail = await conversation.permit({ tool: "mail", input });
  assert.deepEqual(await loop.records.origins(mail.runId), []);
});

/** The reader may also send mail. */
function mailing<T extends { roles: Readonly<Record<string, { tools: readonly string[] }>> }>(config: T): T {
  return { ...config, roles: { ...config.roles, reading: { tools: ["read", "fetch", "mail"] } } };
}

async function askedAfterReading(
  loop: ZeroTrustLoop,
  name: string,
  input: object,
): Promise<[string, readonly ArgumentOrigin[]]> {
  const conversation = talk(loop, "reader", name);
  const page = await received(conversation, "fetch", PAGE);
  assert.equal(page.status, "ok");
  const mail = await conversation.permit({ tool: "mail", input: input as never });
  return [page.runId, (await loop.records.origins(mail.runId)) ?? []];
}
