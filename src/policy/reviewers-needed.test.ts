import assert from "node:assert/strict";
import { test } from "node:test";
import { ZtlError } from "../errors.ts";
import type { ReviewsConfig } from "./config/reviews.ts";
import type { LoopConfig } from "./config/schema.ts";
import { looksLike } from "./look-alikes.ts";
import { Policy } from "./policy.ts";
import { type ReviewedFile, ReviewersPolicy } from "./reviewers-needed.ts";

const file = (path: string, isProtected = false): ReviewedFile => ({ path, hostPath: `/host${path}`, isProtected });
const change = (...files: ReviewedFile[]) => ({
  ...({ kind: "change-set", agent: "coder", tool: "python", isOutward: false, files } as const),
});
const call = (tool: string, isOutward = false) => ({
  ...({ kind: "call", agent: "coder", tool, isOutward, files: [] } as const),
});

test("without rules one reviewer does, whoever it is", () => {
  const policy = new ReviewersPolicy({});
  for (const subject of [change(file("/project/a", true)), call("mail", true)])
    assert.deepEqual(policy.neededFor(subject), { reviewers: 1, roles: [] });
});

test("of all rules that apply, the most reviewers and every role", () => {
  const policy = new ReviewersPolicy({
    reviewers: 2,
    rules: [
      { protected: true, role: "security" },
      { paths: [".github/workflows/**", "/project/infra"], reviewers: 3, role: "operations" },
      { effect: "outward", reviewers: 4 },
      { kinds: ["content"], agents: ["reader*"], role: "privacy" },
      { tools: ["deploy*"], reviewers: 1, role: "release" },
    ],
  });
  const of = (subject: Parameters<ReviewersPolicy["neededFor"]>[0]) => {
    const { reviewers, roles } = policy.neededFor(subject);
    return [reviewers, ...roles];
  };
  assert.deepEqual(of(change(file("/project/a"))), [2]);
  assert.deepEqual(of(change(file("/project/a"), file("/project/.git/hooks/x", true))), [2, "security"]);
  assert.deepEqual(of(change(file("/project/.github/workflows/ci.yml"))), [3, "operations"]);
  assert.deepEqual(of(change(file("/project/infra/main.tf", true))), [3, "security", "operations"]);
  assert.deepEqual(of(change(file("/elsewhere/project/infra/x"))), [2], "one that begins with / begins at the root");
  assert.deepEqual(of(call("mail", true)), [4]);
  assert.deepEqual(of(call("deploy-site")), [2, "release"]);
  const content = { ...change(), kind: "content", agent: "reader-7" } as const;
  assert.deepEqual(of(content), [2, "privacy"]);
});

test("a rule that names a path says nothing of calls, and one that names an outward call nothing of files", () => {
  const policy = new ReviewersPolicy({
    rules: [
      { paths: ["**"], reviewers: 2 },
      { effect: "outward", reviewers: 3 },
    ],
  });
  assert.equal(policy.neededFor(call("python")).reviewers, 1);
  assert.equal(policy.neededFor({ ...change(file("/a")), isOutward: true }).reviewers, 2);
});

const KEY = `ed25519:${"A".repeat(43)}`;
const configOf = (reviews: object): LoopConfig => ({
  agents: { coder: { role: "r" }, "worker-*": { role: "r" } },
  roles: { r: { tools: [] } },
  tools: {},
  reviews: reviews as ReviewsConfig,
});

test("what a configuration says of reviewers is checked", () => {
  new Policy(configOf({ reviewers: 2, identities: { alice: { publicKey: KEY, roles: ["security"] } } }));
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ reviewers: 0 }, /reviews\.reviewers/],
    [{ reviewers: 1.5 }, /reviews\.reviewers/],
    [{ rules: [{ tools: ["x"] }] }, /must say reviewers, or role/],
    [{ rules: [{ reviewers: 2, path: ["x"] }] }, /path/],
    [{ identities: { alice: { publicKey: "alice" } } }, /publicKey/],
    [{ identities: { аlice: { publicKey: KEY } } }, /reviewer's name/],
    [{ identities: { coder: { publicKey: KEY } } }, /name of an agent/],
    [{ identities: { "worker-3": { publicKey: KEY } } }, /name of an agent/],
    [{ identities: { alice: { publicKey: KEY }, bob: { publicKey: KEY } } }, /is the key of "alice"/],
    // The same bytes, spelt another way.
    [{ identities: { alice: { publicKey: KEY }, bob: { publicKey: `${KEY.slice(0, -1)}B` } } }, /as ztl reviewer key/],
    [{ identities: { alice: { publicKey: KEY }, A1ice: { publicKey: `${KEY.slice(0, -1)}E` } } }, /looks like "alice"/],
    [{ perAgent: { open: 0 } }, /perAgent/],
  ];
  for (const [reviews, message] of wrong) {
    assert.throws(
      () => new Policy(configOf(reviews)),
      (error) => ZtlError.isInstance(error) && error.code === "config-invalid" && message.test(error.message),
      JSON.stringify(reviews),
    );
  }
});

test("names that are taken for one another look alike; others do not", () => {
  for (const [one, other] of [
    ["alice", "A1ice"],
    ["alice", "a.lice"],
    ["bob", "b0b"],
    ["modern", "modem"],
    ["wim", "vvim"],
    ["sam", "5am"],
  ] as const)
    assert.equal(looksLike(one), looksLike(other), `${one} ${other}`);
  assert.notEqual(looksLike("alice"), looksLike("alicia"));
  assert.notEqual(looksLike("bob"), looksLike("rob"));
});
