import assert from "node:assert/strict";
import { test } from "node:test";
import { HashEmbeddings } from "./index.ts";

const embeddings = new HashEmbeddings();

async function nearest(query: string, texts: string[]): Promise<string | undefined> {
  const wanted = await embeddings.embedQuery(query);
  const vectors = await embeddings.embedDocuments(texts);
  const score = (vector: number[]): number => vector.reduce((sum, part, at) => sum + part * (wanted[at] as number), 0);
  const scores = vectors.map(score);
  return texts[scores.indexOf(Math.max(...scores))];
}

test("the text that shares words, or parts of words, with the question is nearest", async () => {
  const texts = [
    "Otters eat fish and sleep on their backs in the river.",
    "Every entry of the ledger is signed and can be verified.",
    "Approvals of a change set expire after one day.",
    "Das Wetter in Bergen ist oft regnerisch.",
  ];
  assert.equal(await nearest("What does an otter eat?", texts), texts[0]);
  assert.equal(await nearest("how are the ledger entries signed", texts), texts[1]);
  assert.equal(await nearest("When does an APPROVAL expire?", texts), texts[2]);
  assert.equal(await nearest("Wie ist das Wetter?", texts), texts[3]);
});

test("every text has a direction of length one, and always the same", async () => {
  for (const text of ["", " ", "…", "a", "日本語のテキスト", "x".repeat(100_000), "word ".repeat(1000)]) {
    const [vector] = (await embeddings.embedDocuments([text])) as [number[]];
    assert.equal(vector.length, 512);
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-9);
    assert.deepEqual(await new HashEmbeddings().embedQuery(text), vector);
  }
});

test("compatible forms and case make no difference", async () => {
  assert.deepEqual(await embeddings.embedQuery("ﬁsh ＲＩＶＥＲ"), await embeddings.embedQuery("Fish river"));
});

test("dimensions are bounded", () => {
  for (const dimensions of [0, 1, 1.5, Number.NaN, 10_000])
    assert.throws(() => new HashEmbeddings({ dimensions }), { code: "dimensions-invalid" });
});
