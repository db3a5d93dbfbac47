import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ArgumentOrigin, Review } from "../loop/index.ts";
import { changedFile, HASH, openTestServer, summary, type TestServer } from "./testing.ts";

/** Names and texts as an attacker would choose them: on every page, in every place, they are text. */

const NAMES = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  "javascript:alert(1)",
  "</textarea></code></pre><svg onload=alert(1)>",
  "line\nbreak\r\nContent-Type: text/html",
  "\u202egnp.exe",
  "zero\u200bwidth\u0000nul\u001b]0;title\u0007",
  "\ufffd\ud800 lone",
  "&lt;already&gt;&#x202e;",
  "../../../../etc/passwd",
  "a".repeat(4096),
  "%00%2e%2e/?#&=+",
  "${alert(1)} {{7*7}} <%= 1 %>",
];

let server: TestServer;
before(async () => {
  server = await openTestServer();
});
after(() => server.close());

/** No tag, attribute or address but ours, and nothing that does not show. Values are looked at apart: a `>` in one ends no tag. */
function assertInert(page: string, name: string): void {
  const tags = page.match(/<[a-z!/](?:[^>"]|"[^"]*")*>/gi) ?? [];
  const outside = page.replaceAll(/<[a-z!/](?:[^>"]|"[^"]*")*>/gi, "");
  assert.ok(!/[<>"']/.test(outside), `${name}: markup outside of tags`);
  for (const tag of tags) {
    const bare = tag.replaceAll(/"[^"]*"/g, '""');
    assert.match(bare, /^<(!doctype html|\/?[a-z][a-z0-9]*( [a-z-]+(="")?)*\s*)>$/, name);
    assert.doesNotMatch(bare, / (on[a-z]+|style|srcdoc)=|<(style|iframe|svg|object|embed|base)\b/, name);
    for (const [, attribute, value] of tag.matchAll(/ (href|src|action|formaction)="([^"]*)"/g)) {
      assert.match(value as string, /^(\/(?![/\\])|#)/, `${name}: ${attribute}`);
    }
  }
  assert.deepEqual(
    tags.filter((tag) => tag.startsWith("<script")),
    ['<script src="/static/page.js" type="module">'],
    name,
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;
  const place = hidden.exec(page)?.index;
  assert.equal(place === undefined ? undefined : JSON.stringify(page.slice(place - 80, place + 20)), undefined, name);
}

/** Where an argument came from, with the name wherever a text may stand. */
function originOf(name: string): ArgumentOrigin {
  const step = { entry: 3, role: "given", runId: name, agent: name, conversation: name, tool: name } as const;
  return {
    ...{ kind: "iban", places: [name, name], excerpt: name, start: 0, end: 3, transforms: ["base64"] },
    source: { ...step, excerpt: name, start: 0, end: 3, transforms: [], reached: "elsewhere" },
    trail: [step, { entry: 4, role: "said", agent: name, conversation: name }],
    unlisted: 2,
  };
}

test("hostile names on the pages of reviews", async () => {
  for (const [index, name] of NAMES.entries()) {
    const file = changedFile(name, {
      hostPath: name,
      symlinkTarget: name,
      protectedBecause: name,
      flags: [name],
      change: "rename",
      renamedFrom: name,
    });
    server.desk.addFile(file, {
      diff: {
        kind: "text",
        added: 1,
        removed: 0,
        truncated: true,
        hunks: [{ oldStart: 1, newStart: 1, lines: [{ kind: "add", text: name, newOffset: 0 }] }],
      },
      findings: [
        { rule: name, family: "command", severity: "high", start: 0, end: 3, path: [], excerpt: name, reason: name },
      ],
    });
    const common = { agent: name, tool: name, command: name, title: name, message: name, decidedBy: name };
    const decision = {
      decision: "ask",
      rule: name,
      reason: name,
      considered: [{ rule: name, outcome: "asks", why: name }],
    } as const;
    const finding = {
      rule: name,
      family: "unicode",
      severity: "low",
      start: 0,
      end: 2,
      path: [],
      excerpt: name,
      reason: name,
    } as const;
    const reviews: Review[] = [
      {
        ...summary(`s${index}`),
        ...common,
        kind: "change-set",
        files: [file],
        conflicts: [{ path: name, reason: name }],
      },
      { ...summary(`a${index}`), ...common, state: "applied", kind: "change-set", files: [file], conflicts: [] },
      {
        ...{ ...summary(`c${index}`), ...common, kind: "call", input: JSON.stringify({ name }), decision },
        origins: [originOf(name)],
        unread: [1],
      },
      { ...summary(`t${index}`), ...common, kind: "content", text: name, findings: [finding] },
    ];
    for (const review of reviews) {
      server.desk.add(review);
      assertInert(await (await server.request(`/reviews/${review.id}`)).text(), name);
    }
    assertInert(await (await server.request(`/reviews/s${index}/files/0`)).text(), name);
  }
  assertInert(await (await server.request("/reviews")).text(), "all");
});

test("hostile names on the pages of runs and of the ledger", async () => {
  const { desk } = server;
  for (const [index, raw] of NAMES.entries()) {
    const name = raw.toWellFormed();
    const scope = { runId: `run-${index}`, agent: name.slice(0, 1000) };
    const contents = [await desk.ledger.keep(Buffer.from(name))];
    const entries = [
      await desk.ledger.append({
        ...scope,
        kind: "call",
        body: { tool: name.slice(0, 1000), input: { [name]: name }, taint: [name.slice(0, 1000)] },
      }),
      await desk.ledger.append({
        ...scope,
        kind: "policy-decision",
        body: { decision: "refuse", rule: name.slice(0, 1000), reason: name },
      }),
      await desk.ledger.append({
        ...scope,
        kind: "verdict",
        body: {
          subject: name.slice(0, 1000),
          verdict: "block",
          contentSha256: "0".repeat(64),
          content: contents[0],
          ruleSetHash: "x",
          findings: [{ rule: "r", family: "f", severity: "high", start: 0, end: 1, reason: name }],
        },
      }),
      await desk.ledger.append({ ...scope, kind: "given", body: { contents } }),
      await desk.ledger.append({ ...scope, kind: "note", body: { text: name } }),
      await desk.ledger.append({
        ...scope,
        kind: "failure",
        body: { code: name.slice(0, 1000), message: name, remedy: name },
      }),
      await desk.ledger.append({ ...scope, kind: "taken-in", body: { way: name.slice(0, 1000), labels: [] } }),
    ];
    const row = {
      runId: scope.runId,
      index: 0,
      conversation: name,
      agent: name,
      tool: name,
      time: entries[0]?.time ?? "",
      command: name,
      decision: "run",
      status: name,
      verdict: "flag",
      replayable: true,
    } as const;
    const echo = {
      payload: 0,
      payloadStart: 0,
      payloadEnd: 2,
      later: 0,
      place: name,
      laterStart: 0,
      laterEnd: 2,
      text: name,
      match: "exact",
      wholeArgument: false,
      known: false,
    } as const;
    const call = { tool: name, arguments: { [name]: name }, place: 0 };
    const plans = {
      added: [call],
      removed: [call],
      changed: [{ before: call, after: call, differences: [name] }],
      unchanged: 0,
      reordered: false,
    };
    desk.runs.set(scope.runId, {
      origins: [originOf(name), { ...originOf(name), places: [] }],
      traces: [{ ...originOf(name).source, origins: [originOf(name)] }],
      unread: [1, 2],
      row,
      entries,
      stdout: Buffer.from(name),
      stderr: Buffer.from([0xff, 0xfe, 0x1b, 0x5b]),
      holdsSecrets: true,
      truncated: true,
      differential: {
        added: [{ label: name, units: 5 }],
        echoes: [echo],
        truncated: true,
        later: [{ label: name, echoedUnits: 1, units: 2 }],
        plans,
      },
    });
    assertInert(await (await server.request(`/runs/${scope.runId}`)).text(), name);
    for (const entry of entries) assertInert(await (await server.request(`/ledger/${entry.index}`)).text(), name);
    assertInert(await (await server.request(`/runs?agent=${encodeURIComponent(name)}`)).text(), name);
    desk.replayed = async () => ({
      status: "different",
      comparison: { same: false, where: "stdout", recorded: name, replayed: name, message: name },
    });
    assertInert(await (await server.form(`/runs/${scope.runId}/replay`, [])).text(), name);
  }
  assertInert(await (await server.request("/ledger")).text(), "ledger");
  assertInert(await (await server.request("/runs")).text(), "runs");
});

test("hostile names of reviewers, roles, rules that blocked, mounts that are gone and what was taken in", async () => {
  const { desk } = server;
  for (const [index, name] of NAMES.entries()) {
    const many = Array.from({ length: 100 }, () => name);
    const problem = { path: name, message: name, remedy: name };
    desk.mountProblems = many.map(() => problem);
    const said = { path: name, reason: name };
    const common = {
      ...{ agent: name, tool: name, command: name, title: name },
      standing: { needed: { reviewers: 200, roles: many }, given: many, missing: 100, roles: many },
      takenIn: [
        { source: name, trust: "untrusted", confidentiality: "private", ways: [name], runIds: [name.toWellFormed()] },
      ],
    } as const;
    const id = `b${index}`;
    desk.add({ ...summary(id), ...common, kind: "content", text: name, findings: [], toName: [said, said] });
    const shown = [await server.request(`/reviews/${id}`), await server.request("/")];
    for (const status of ["not-allowed", "protected", "conflict", "failed", "already"] as const) {
      const files = { files: [said], conflicts: [said], error: { code: name, message: name } };
      const rest = { code: "signature-used", message: name, remedy: name, state: "approved", decidedBy: name } as const;
      desk.answer = { status, ...files, ...rest } as unknown as NonNullable<typeof desk.answer>;
      shown.push(await server.form(`/reviews/${id}/approve`, decisionOf(HASH)));
    }
    desk.answer = undefined;
    for (const answer of shown) {
      const page = await answer.text();
      assert.doesNotMatch(page, /The server failed/, name);
      assertInert(page, name);
      assert.ok(page.length < 200_000, `${page.length} characters for ${name.slice(0, 20)}`);
    }
    desk.all.delete(id);
  }
  desk.mountProblems = [];
});

const decisionOf = (hash: string): readonly (readonly [string, string])[] => [
  ["hash", hash],
  ["reviewer", "Ada"],
  ["protected", "0"],
];

test("hostile addresses", async () => {
  for (const name of NAMES) {
    const part = encodeURIComponent(name.toWellFormed());
    for (const path of [
      `/reviews/${part}`,
      `/reviews/${part}/files/${part}`,
      `/runs/${part}`,
      `/ledger/${part}`,
      `/${part}`,
      `/static/${part}`,
    ]) {
      const answer = await server.request(path);
      assert.equal(answer.status, 404, path.slice(0, 60));
      assertInert(await answer.text(), name);
    }
    for (const path of [`/runs?before=${part}`, `/ledger?before=${part}&verify=${part}`, `/reviews/t0?from=${part}`]) {
      const answer = await server.request(path);
      assert.equal(answer.status, 200, path.slice(0, 60));
      assertInert(await answer.text(), name);
    }
  }
});

test("in JSON they are strings, and no header repeats them", async () => {
  for (const [index, name] of NAMES.entries()) {
    const answer = await server.api(`/api/reviews/s${index}`);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(((await answer.json()) as { agent: string }).agent, name);
    const file = await server.api(`/api/reviews/s${index}/file?path=${encodeURIComponent(name.toWellFormed())}`);
    assert.equal(file.status, name.isWellFormed() ? 200 : 404);
    assert.ok([...answer.headers.values(), ...file.headers.values()].every((value) => !value.includes(name)));
  }
});

test("a page of nothing but hidden characters stays a page", async () => {
  const text = "a\u202e".repeat(200_000);
  server.desk.add({ ...summary("flood"), kind: "content", text, findings: [] });
  const page = await (await server.request("/reviews/flood")).text();
  assertInert(page, "flood");
  assert.ok(page.length < 12_000_000, String(page.length));
});
