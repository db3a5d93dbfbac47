import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toByteString } from "../src/base/byte-string.ts";
import { canonicalise } from "../src/base/canonical-json.ts";
import { sha256Hex } from "../src/base/sha256.ts";
import { claimBytes } from "../src/guard/admission.ts";
import { parseEntry, sealDraft } from "../src/ledger/record/entry.ts";
import { hex } from "../src/ledger/record/hex.ts";
import { genesisHash, placeDraft } from "../src/ledger/record/place.ts";
import { documentContent } from "../src/memory/document.ts";
import { sealSnapshot } from "../src/memory/snapshot.ts";
import { Policy } from "../src/policy/index.ts";
import type { Manifest } from "../src/workspace/changes/change-set.ts";
import { canonicalEntry, ManifestHash } from "../src/workspace/changes/manifest-hash.ts";

/**
 * What is hashed and signed must have the bytes it had when it was stored: a ledger or a change set of version 0.1.0 is checked by
 * what runs today. The hashes here were made by that version; those of admissions, snapshots and policies, which have had purposes and
 * labels since and one option less, by the ones that brought these.
 */
describe("hashes of what is stored", () => {
  test("change set", () => {
    const manifest: Manifest = {
      runId: "run-1",
      agent: "ä",
      tool: "shell",
      command: 'printf "\u2028\u0007" > é',
      roots: [{ hostRoot: "/h", guestRoot: "/g" }],
      entries: [
        {
          path: "/g/é",
          hostPath: "/h/é",
          kind: "modify",
          edit: {
            root: 0,
            path: toByteString("é"),
            before: { type: "file", mode: 0o644, uid: 1, gid: 2, size: 3, sha256: "a".repeat(64) } as never,
            after: { type: "absent" },
          },
          flags: ["binary"],
          protectedBecause: [],
        },
      ],
    };
    const hashOf = (whole: Manifest): string => {
      const hash = new ManifestHash(whole);
      for (const entry of whole.entries) hash.add(canonicalEntry(entry));
      return hash.digest(whole);
    };
    assert.equal(hashOf(manifest), "df47e2353a72c71df32bd1295e20405175a067f9fefa5ecd87390235ac5f1e4d");
    // Put together from pieces, and yet that of the whole.
    for (const entries of [[], [...manifest.entries, ...manifest.entries]])
      assert.equal(hashOf({ ...manifest, entries }), sha256Hex(canonicalise({ ...manifest, entries })));
  });

  test("admission", () => {
    const bytes = claimBytes({
      version: 2,
      contentSha256: "b".repeat(64),
      runId: "run-1",
      agent: "ä\u2028",
      purpose: "document",
      labels: [{ source: "fetch", trust: "untrusted", confidentiality: "public" }],
      ruleSetHash: "c".repeat(64),
      grant: "released",
      releasedBy: 'R "q"',
      issuedAt: 1e12,
      expiresAt: 1e12 + 5,
      nonce: "n",
    });
    assert.equal(sha256Hex(bytes), "65de18e7dc162554f3e3c2e6a15b6e5f8a4ac71302728836f721d34dea175af1");
  });

  test("policy", () => {
    const policy = new Policy(
      {
        agents: { a: { role: "r" } },
        roles: { r: { tools: ["read*"], limits: { wallMs: 1000 } } },
        tools: {
          readB: { template: "shell", code: "cat é" },
          readA: { external: true, output: { trust: "untrusted" } },
        },
      },
      "/project",
    );
    assert.equal(policy.hash, "7b9e593f1ec48167e46a76cab252e4dcc55813b57483c18b898bc3a6fdb78f02");
  });

  test("ledger entry", () => {
    const input = { b: [1, 1e21, -0.5, "ü\u2028\u0007"], "10": 1, "9": null, a: { ö: true, "": {} } };
    const draft = { kind: "call", agent: "ä", runId: "run-1", body: { tool: "t", input } };
    const { bytes, hash } = placeDraft(
      sealDraft(draft, "2026-01-31T12:00:00.000Z"),
      3,
      genesisHash("0".repeat(32)),
      "0123456789abcdef".repeat(2),
    );
    assert.equal(hex(hash), "673a40f8e4cbc30d5ce7e97b56a8089f9a3991a4dab971c4dbb6427c5171c337");
    assert.equal(sha256Hex(bytes), "ce47f0d255204284b309a6f93ddba717791467758338a16fecc211b283a0c4c1");
    assert.equal(parseEntry(bytes).hash, hex(hash));
  });

  test("snapshot of a conversation, document, arguments of a planned call", () => {
    const entries = [{ role: "user", text: "ü\u0000" }, { b: 1 }];
    assert.equal(
      sealSnapshot("ä", { entries, labels: [] }, Buffer.alloc(32, 7)).seal,
      "u3ylvWT-utbFAHpASg2P7gvpwCW2WKALEuiOlflA8PQ",
    );
    const metadata = { "10": 1, "9": "ü", b: { d: 1, c: [null] } };
    assert.equal(
      sha256Hex(documentContent({ pageContent: "p", metadata })),
      "50e79efb94552ec0495029b5521949edafee23f68225446b551e90fae3ae53ba",
    );
    assert.equal(
      sha256Hex(canonicalise({ b: 1, "10": [1e21, "é"], "9": {} })),
      "57b1aa2e0fc361fd0250536043b7703f05cfd219b4765eb6aaeb0238a998f67c",
    );
  });
});
