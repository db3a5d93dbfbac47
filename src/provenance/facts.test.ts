import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { factsOf } from "./index.ts";

const keys = (text: string): Set<string> => new Set(factsOf(text, { rewritten: true }).map(({ key }) => key));
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hex = (text: string, between = ""): string =>
  (Buffer.from(text).toString("hex").match(/../g) ?? []).join(between);
const wide = (text: string): string =>
  text.replace(/[!-~]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0));

const IBAN = "DE89 3704 0044 0532 0130 00";
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  "iban:DE89370400440532013000": [
    ...[IBAN, "de89370400440532013000", "DE89-3704-0044-0532-0130-00", `to ${IBAN} BIC COBADEFFXXX`],
    ...[base64(IBAN), hex(IBAN), hex(IBAN, " "), hex(IBAN, ":"), encodeURIComponent(IBAN), wide(IBAN)],
    ...[base64(base64(IBAN)), "DE89\u00a03704\u202f0044 0532 0130 00", "DE89&#x20;3704&nbsp;0044 0532 0130 00"],
    ...[[...IBAN].reverse().join(""), gzipSync(IBAN).toString("base64"), `{"iban":"\\u0044E89370400440532013000"}`],
    ...[
      "DE89\u200b3704\u200b0044053201\u00ad3000",
      [...Buffer.from(IBAN)].join(", "),
      "=44=45=38=39370400440532013000",
    ],
    [...IBAN].map((sign) => String.fromCodePoint(0xe0000 + (sign.codePointAt(0) ?? 0))).join(""),
  ],
  "number:12400.5": [
    ...["12,400.50", "12.400,50", "12400.5", "12 400,50", "12'400.50", "12’400.50", "12\u202f400,50 €", "1.24005e4"],
    ...["$12,400.50", "EUR 12.400,5", base64("12,400.50"), wide("12,400.50"), "12_400.50", "12.4005k"],
  ],
  "number:1240050": ["12,400.50", "1240050", "12,40,050"],
  "date:2026-03-04": [
    ...["2026-03-04", "04.03.2026", "4/3/2026", "03/04/2026", "20260304", "2026/3/4", "4. März 2026", "4 mars 2026"],
    ...["March 4th, 2026", "4 March 2026", "Mar 4, 2026", "4-Mar-2026", "2026-03-04T10:00:00Z", "4 de marzo de 2026"],
    ...["the 4th of March 2026", "04.03.26", "4. 3. 2026", "1772625600", "4 марта 2026", "2026年3月4日"],
  ],
  "phone:701234567": ["+49 170 1234567", "0170/1234567", "+49 (0)170 1234567", "00491701234567", "(0170) 123-4567"],
  "mail:pay@north-harbour.example": [
    ...["pay@north-harbour.example", "PAY@North-Harbour.Example", "mailto:pay@north-harbour.example?subject=x"],
    ...["pay [at] north-harbour [dot] example", "pay(at)north-harbour.example", "pay at north-harbour dot example"],
    ...["<pay@north-harbour.example>", "pay&#64;north-harbour.example", "pay%40north-harbour.example"],
  ],
  "url:north-harbour.example/collect?id=7": [
    ...["https://north-harbour.example/collect?id=7", "hxxps://north-harbour[.]example/collect?id=7"],
    ...["http://www.North-Harbour.example/collect?id=7#top", "north-harbour.example/collect?id=7"],
    encodeURIComponent("https://north-harbour.example/collect?id=7"),
  ],
  "identifier:INV20260417": [
    "INV-2026-0417",
    "inv 2026 0417",
    "INV_2026_0417",
    "(INV20260417)",
    "no=INV-2026-0417&x=1",
  ],
  "digits:44710092": ["4471-0092", "4471 0092", "44710092"],
  "address:203.0.113.77": ["203.0.113.77", "http://203.0.113.77:8080/x", base64("203.0.113.77")],
};

for (const [key, spellings] of Object.entries(SPELLINGS)) {
  test(`all spellings have one key: ${key}`, () => {
    for (const spelling of spellings)
      for (const text of [spelling, `Please note: ${spelling}.`, `{"value": "${spelling}"}`])
        assert.ok(keys(text).has(key), `${text}: ${[...keys(text)].join(" ")}`);
  });
}

test("a place is where the value stands in the bytes of the text, encoded or not", () => {
  for (const written of [IBAN, base64(IBAN), encodeURIComponent(IBAN), wide(IBAN)]) {
    const text = `Überweisung an ${written} bitte`;
    const fact = factsOf(text).find(({ kind }) => kind === "iban");
    const bytes = Buffer.from(text).subarray(fact?.start, fact?.end);
    assert.equal(bytes.toString("utf8"), written);
  }
});

test("an IBAN is one by its check digits", () => {
  assert.ok(!keys("DE88 3704 0044 0532 0130 00").has("iban:DE88370400440532013000"));
});

test("no text makes it slow, and what it keeps is bounded", () => {
  const time = (text: string): number => {
    const began = performance.now();
    assert.ok(factsOf(text).length <= 20_000);
    return performance.now() - began;
  };
  const SIZE = 64 * 1024;
  const hostile = [
    "1",
    "1 ",
    "2026 ",
    "a@",
    "%41",
    "A1",
    "=41",
    "-",
    "1,1",
    "DE89 ",
    "/a",
    "[dot]",
    "x at ",
    "1-",
    "a1-",
    "QQ==",
  ];
  for (const piece of hostile) {
    const of = (bytes: number): string => piece.repeat(bytes / piece.length);
    time(of(SIZE));
    const [one, four] = [time(of(SIZE)), time(of(SIZE * 4))];
    // Quadratic would be sixteen times; the floor keeps a busy machine's pauses out.
    assert.ok(four < Math.max(one, 40) * 11, `${piece}: ${one} ms, then ${four} ms for four times as much`);
  }
});

test("any text has facts inside it, and is never an error", () => {
  const bits = fc.string({ unit: "binary", maxLength: 200 });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(bits, fc.constantFrom(IBAN, "%4", "\\u00", "12,4", "a@b.c", "=4", "\ud800")), { maxLength: 8 }),
      (parts) => {
        const text = parts.join("");
        const bytes = Buffer.byteLength(text);
        for (const { start, end } of factsOf(text, { rewritten: true }))
          assert.ok(start >= 0 && start <= end && end <= bytes);
      },
    ),
  );
});

test("groups and signs make no other identifier, and a year in a number is none", () => {
  const same: readonly (readonly string[])[] = [
    ["1Z999AA10123456784", "1Z 999 AA1 01 2345 6784", "1z999aa10123456784"],
    ["AUC-118-45/7", "auc118457", "AUC 118 45 7"],
    ["XK4471902", "XK 4471902"],
  ];
  for (const [first = "", ...others] of same) {
    const key = `identifier:${first.replace(/[^A-Z0-9]/gi, "").toUpperCase()}`;
    for (const text of [first, ...others]) assert.ok(keys(text).has(key), `${text}: ${[...keys(text)].join(" ")}`);
  }
  const [plain, year] = ["XK4471502", "XK4471902"].map(
    (text) => factsOf(text).find(({ kind }) => kind === "identifier")?.bits,
  );
  assert.equal(plain, year);
});

test("a name is one with a title before it and without", () => {
  const text = "It was signed by Professor Aurelio Bentivoglio on Monday.";
  assert.ok(keys(text).has("name:professor aurelio bentivoglio") && keys(text).has("name:aurelio bentivoglio"));
  assert.ok(!keys(text).has("name:bentivoglio"));
});

test("a member's name in a program is hardly a host", () => {
  const bits = (text: string): number => factsOf(text).find(({ kind }) => kind === "host")?.bits ?? 0;
  for (const text of ["argparse.ArgumentParser", "matplotlib.pyplot.subplots()", "requirements.txt"])
    assert.ok(bits(`x = ${text}`) < 18, `${text}: ${bits(text)}`);
  for (const text of ["north-harbour.example", "files.quayside-ledger.de", "https://evil.subplots/"])
    assert.ok(bits(text) >= 18, text);
  assert.equal(bits("https://example.com/"), 0);
});
