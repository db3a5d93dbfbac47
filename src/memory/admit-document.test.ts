import assert from "node:assert/strict";
import { test } from "node:test";
import { scan } from "../guard/index.ts";
import { ADMISSION_KEY, admitDocument, documentContent } from "./index.ts";
import { DOCUMENT_BYTES_MAX, METADATA_BYTES_MAX } from "./limits.ts";
import { BLOCKED, FLAGGED, MemoryWorld, SCOPE } from "./testing.ts";

const { admitter } = new MemoryWorld();
const admit = (document: unknown): ReturnType<typeof admitDocument> =>
  admitDocument(admitter, (content) => scan(content), document, SCOPE);

test("a document gets an admission for its text and metadata; one it had is replaced", () => {
  const given = { pageContent: "it rains", metadata: { page: 1, [ADMISSION_KEY]: BLOCKED }, id: "chunk-1" };
  const result = admit(given);
  assert.ok(result.status === "admitted");
  const { pageContent, metadata, id } = result.document;
  assert.deepEqual([pageContent, metadata.page, id], ["it rains", 1, "chunk-1"]);
  assert.equal(documentContent(result.document), 'it rains\n{"page":1}');
  assert.ok(!JSON.stringify(result.document).includes("im_start"));
  assert.equal(given.metadata[ADMISSION_KEY], BLOCKED);
});

test("what the guard does not admit gets none, wherever it stands", () => {
  const bad = [
    { pageContent: BLOCKED, metadata: {} },
    { pageContent: FLAGGED, metadata: {} },
    { pageContent: "it rains", metadata: { title: BLOCKED } },
    { pageContent: "it rains", metadata: { [BLOCKED]: 1 } },
    { pageContent: "it rains", metadata: { deep: [{ list: [BLOCKED] }] } },
  ];
  for (const document of bad) {
    const result = admit(document);
    assert.ok(result.status === "refused" && result.reason === "not-admitted");
    assert.notEqual(result.verdict.decision, "admit");
  }
});

test("what is no document, or is too large, is malformed", () => {
  const fine = "x".repeat(DOCUMENT_BYTES_MAX);
  assert.equal(admit({ pageContent: fine }).status, "admitted");
  const bad = [
    undefined,
    "it rains",
    { metadata: {} },
    { pageContent: 7 },
    { pageContent: `${fine}x` },
    { pageContent: "é".repeat(DOCUMENT_BYTES_MAX / 2 + 1) },
    { pageContent: "x", metadata: "x" },
    { pageContent: "x", metadata: [] },
    { pageContent: "x", metadata: { note: "x".repeat(METADATA_BYTES_MAX) } },
    { pageContent: "x", metadata: { count: Number.NaN } },
    { pageContent: "x", id: "two words" },
  ];
  for (const document of bad) assert.deepEqual(admit(document), { status: "refused", reason: "malformed" });
  assert.throws(() => documentContent({ pageContent: "x", metadata: { count: 1n } }), { code: "document-malformed" });
});
