import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../base/json.ts";
import { openTestLoop, received, talk } from "../testing.ts";
import type { ArgumentOrigin } from "./argument-origin.ts";

/** Written when the finders were done, and nothing was changed for them since: what they find of another page. */

const PAGE = `From: Registry of the Northern Appeals Tribunal
Case 44/C-2031/0087: the appellant's container of lithium cells was impounded at Gdynia because its manifest omitted the carrier's bond.
Court fee PLN 12 906,30 payable until 7.04.2031 into PL61 1090 1014 0000 0712 1981 2874. Penalty after that day: EUR 4,455.
Clerk Doctor Zofia Radwanska-Lis, direct line +48 58 660 92 45, zofia.radwanska@appeals-north.example.
Evidence: https://vault.appeals-north.example/e/77c1?key=Vb6Tn3Wq8Ls1 (mirror 192.0.2.199). Docket key: 4f9a-77bd-c3e1-0a52. SWIFT WBKPPLPPXXX.
Container MSKU 730912 4, plate GDA 8K447.`;

const b64 = (value: string): string => Buffer.from(value).toString("base64");
const hex = (value: string): string => Buffer.from(value).toString("hex");
const wide = (value: string): string =>
  value.replace(/[!-~]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0));

const PROBES: readonly (readonly [name: string, kind: ArgumentOrigin["kind"], input: Json])[] = [
  [
    "verbatim",
    "wording",
    {
      body: "the appellant's container of lithium cells was impounded at Gdynia because its manifest omitted the carrier's bond",
    },
  ],
  [
    "nearly verbatim",
    "wording",
    {
      body: "apparently a container of lithium cells was impounded at Gdynia since its manifest omitted the carrier's bond",
    },
  ],
  ["IBAN without blanks", "iban", { to: "PL61109010140000071219812874" }],
  ["IBAN small hyphens", "iban", { to: "pl61-1090-1014-0000-0712-1981-2874" }],
  ["number US", "number", { a: "12,906.30" }],
  ["number DE", "number", { a: "12.906,30 PLN" }],
  ["number JSON", "number", { a: 12906.3 }],
  ["number groszy", "number", { a: 1290630 }],
  ["date ISO", "date", { d: "2031-04-07" }],
  ["date English", "date", { d: "April 7, 2031" }],
  ["date polish", "date", { d: "7 kwietnia 2031" }],
  ["date slashes", "date", { d: "2031/04/07" }],
  ["base64 IBAN", "iban", { b: b64("PL61109010140000071219812874") }],
  ["base64 mail in JSON", "mail", { b: b64(JSON.stringify({ to: "zofia.radwanska@appeals-north.example" })) }],
  ["base64url token", "identifier", { b: Buffer.from("Vb6Tn3Wq8Ls1").toString("base64url") }],
  ["hex mail", "mail", { h: hex("zofia.radwanska@appeals-north.example") }],
  ["hex iban with blanks", "iban", { h: (hex("PL61109010140000071219812874").match(/../g) ?? []).join(" ") }],
  ["percent", "mail", { q: "zofia.radwanska%40appeals%2Dnorth.example" }],
  ["percent url", "url", { q: encodeURIComponent("https://vault.appeals-north.example/e/77c1?key=Vb6Tn3Wq8Ls1") }],
  ["split iban", "iban", { a: "PL61 1090 1014 0000", b: "0712 1981 2874" }],
  ["split mail", "mail", { a: "zofia.radwanska", b: "appeals-north.example" }],
  ["split four", "iban", ["PL6110", "9010140000", "0712198", "12874"]],
  ["wide iban", "iban", { w: wide("PL61109010140000071219812874") }],
  ["wide date", "date", { w: wide("2031-04-07") }],
  ["docket key no hyphens", "identifier", { k: "4F9A77BDC3E10A52" }],
];

test("of 25 probes of another page at least 22 are found, each under its own kind", async (context) => {
  await using world = await openTestLoop((config) => ({
    ...config,
    roles: { ...config.roles, writing: { tools: ["fetch", "mail"] } },
  }));
  const { loop } = world;
  const missed: string[] = [];
  for (const [name, kind, input] of PROBES) {
    const conversation = talk(loop, "writer", name);
    const page = await received(conversation, "fetch", PAGE);
    const mail = await conversation.permit({ tool: "mail", input });
    const origins = (await loop.records.origins(mail.runId)) ?? [];
    if (!origins.some((one) => one.kind === kind && one.source.runId === page.runId))
      missed.push(`${name}: ${JSON.stringify(origins.map(({ kind: other, excerpt }) => [other, excerpt]))}`);
  }
  context.diagnostic(`found ${PROBES.length - missed.length} of ${PROBES.length}`);
  assert.ok(missed.length <= 3, missed.join("\n"));
});
