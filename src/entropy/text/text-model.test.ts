import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { uniform } from "../detectors/random.ts";
import { TextModel } from "./text-model.ts";

const SMALL = { order: 3, nodesMax: 600 };

test("after any text the probabilities of all bytes add up to one, and none is zero", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.constantFrom({}, SMALL), (text, options) => {
      const model = new TextModel(options);
      model.read(text);
      const all = model.distribution();
      assert.ok(Math.abs(all.reduce((sum, one) => sum + one, 0) - 1) < 1e-9);
      for (const probability of all) assert.ok(probability > 0 && probability <= 1);
    }),
    { numRuns: 60 },
  );
});

test("what is read costs what it was as probable before, byte by byte", () => {
  const model = new TextModel();
  let bits = 0;
  const text = "abracadabra, abracadabra: the ä costs two bytes. ";
  const twice = new TextModel();
  for (const byte of Buffer.from(text)) {
    bits -= Math.log2(model.distribution()[byte] as number);
    model.readByte(byte);
  }
  const read = twice.read(text);
  assert.ok(Math.abs(read.bits - bits) < 1e-6);
  assert.equal(read.characters, [...text].length);
});

test("what was there before costs little, and what nobody can know costs what it holds", () => {
  const model = new TextModel();
  const sentence = "The landlord's account is NL21CASA0009991112, and the rent is due in March. ";
  const [first, second] = [model.read(sentence), model.read(sentence)];
  assert.ok(second.bits < first.bits / 4, `${first.bits}, then ${second.bits}`);
  const next = uniform(5);
  const random = Buffer.from(Uint8Array.from({ length: 3000 }, () => Math.floor(256 * next())));
  let bits = 0;
  for (const byte of random) bits += model.readByte(byte);
  assert.ok(bits / random.length > 7.9, `${bits / random.length} bits a byte`);
});

describe("memory is bounded", () => {
  test("however much is read, and what was read last is known still", () => {
    const model = new TextModel(SMALL);
    const next = uniform(9);
    for (let byte = 0; byte < 50_000; byte++) {
      model.readByte(Math.floor(256 * next()));
      assert.ok(model.size.nodes <= SMALL.nodesMax);
    }
    const sentence = "to and fro ";
    const bits = Array.from({ length: 40 }, () => model.read(sentence).bits / sentence.length);
    assert.ok(
      bits.slice(-5).every((one) => one < 1),
      bits.slice(-5).join(),
    );
  });

  test("and the same text gives the same bits each time", () => {
    const text = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");
    assert.equal(new TextModel(SMALL).read(text).bits, new TextModel(SMALL).read(text).bits);
  });
});

/** The last fifth of each paper of this package is held out; compressors have packed what comes before it. */
describe("bits per character of text that it has not seen are fewer than those of compressors", () => {
  const hasXz = spawnSync("xz", ["--version"]).status === 0;
  const xz = (bytes: Buffer): number => spawnSync("xz", ["-9e", "--stdout"], { input: bytes }).stdout.length;
  const compressors: readonly [string, (bytes: Buffer) => number][] = [
    ["gzip", (bytes) => gzipSync(bytes, { level: 9 }).length],
    ...(hasXz ? [["xz", xz] as [string, typeof xz]] : []),
  ];
  // Brotli brings a dictionary of English of its own, which is no fair comparison; it is told all the same.
  const brotli = (bytes: Buffer): number => brotliCompressSync(bytes).length;
  for (const name of ["ARCHITECTURE.md", "SPECIFICATION.md", "THREAT_MODEL.md", "README.md"]) {
    test(name, (context) => {
      const text = readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
      const cut = Math.floor(text.length * 0.8);
      const [seen, heldOut] = [text.slice(0, cut), text.slice(cut)];
      const characters = [...heldOut].length;
      const model = new TextModel();
      model.read(seen);
      const own = model.read(heldOut).bits / characters;
      const of = (size: (bytes: Buffer) => number): number =>
        (8 * (size(Buffer.from(text)) - size(Buffer.from(seen)))) / characters;
      const others = compressors.map(([other, size]): [string, number] => [other, of(size)]);
      const told = [...others, ["brotli", of(brotli)] as const].map(([other, bits]) => `${other} ${bits.toFixed(3)}`);
      context.diagnostic(`model ${own.toFixed(3)}, ${told.join(", ")}${hasXz ? "" : "; no xz on this host"}`);
      for (const [other, bits] of others) assert.ok(own < bits, `${other}: ${bits}, model: ${own}`);
    });
  }
});
