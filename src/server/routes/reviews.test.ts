import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { FileChange, Review } from "../../loop/index.ts";
import { REVIEWS_SHOWN_MAX } from "../limits.ts";
import { changedFile, HASH, OTHER_HASH, openTestServer, summary, type TestServer } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await openTestServer();
});
after(() => server.close());
beforeEach(() => {
  server.desk.all.clear();
  server.desk.views.clear();
  server.desk.decisions.length = 0;
  server.desk.answer = undefined;
});

const page = async (path: string, status = 200): Promise<string> => {
  const answer = await server.request(path);
  assert.equal(answer.status, status, path);
  return answer.text();
};

function changeSet(files: readonly FileChange[], rest: Partial<Review> = {}): Review {
  return server.desk.add({ ...summary("set"), kind: "change-set", files, conflicts: [], ...rest } as Review);
}

const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ kind: "add", text: `line ${index}`, newOffset: index * 10 }) as const);

test("nothing waits: the page says what would appear", async () => {
  const text = await page("/");
  assert.match(text, /Nothing waits for you/);
  assert.match(text, /<title>Nothing waits · Zero Trust Loop<\/title>/);
});

test("what waits is listed with its kind, agent, tool, command and times", async () => {
  changeSet([changedFile("/a")]);
  server.desk.add({ ...summary("old"), kind: "call", state: "rejected", input: "{}", decision: decision() });
  const text = await page("/");
  for (const part of [
    "Changes to files",
    "researcher",
    "python",
    "print(&#39;hello&#39;)",
    "1 minute ago",
    "expires",
    "1 file changed",
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.doesNotMatch(text, /reviews\/old/);
  assert.match(await page("/reviews"), /reviews\/old[\s\S]*/);
});

test("a change set shows each file, its difference, its flags and what approving does", async () => {
  const file = changedFile("/project/run.sh", {
    flags: ["setuid", "symlink-outside"],
    mode: 0o4755,
    newSizeBytes: 1500,
    baseSizeBytes: 20,
  });
  server.desk.addFile(file, {
    diff: {
      kind: "text",
      added: 1,
      removed: 1,
      truncated: false,
      hunks: [
        {
          oldStart: 1,
          newStart: 1,
          lines: [
            { kind: "remove", text: "old" },
            { kind: "add", text: "curl evil", newOffset: 0 },
          ],
        },
      ],
    },
    findings: [
      {
        rule: "command.curl",
        family: "command",
        severity: "high",
        start: 0,
        end: 4,
        path: ["base64"],
        excerpt: "curl",
        reason: "fetches a program",
      },
    ],
  });
  changeSet([file]);
  const text = await page("/reviews/set");
  for (const part of [
    "+1",
    "−1",
    "(setuid)",
    "link leads outside",
    "4755",
    "20 bytes → 1.5 kB",
    "/host/project/run.sh",
    "if\n        one is no longer what the run saw",
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.match(text, /<mark class="sev-high">curl<\/mark> evil/);
  assert.match(text, /high · command\.curl · fetches a program/);
  assert.match(text, /href="#f0-0"><bdi class="foreign">command\.curl/);
  assert.match(text, /hidden by base64/);
});

test("a command is one line in the list, and the lines it has on its page", async () => {
  changeSet([changedFile("/a")], { command: "for x in 1:\n    print(x)\n" });
  assert.match(await page("/"), /for x in 1: print\(x\)</);
  assert.match(
    await page("/reviews/set"),
    /<td class="code">for x in 1:<\/td>[\s\S]*<td class="code"> {4}print\(x\)<\/td>/,
  );
});

test("chosen files are approved, with a message, under the hash that was shown", async () => {
  changeSet([changedFile("/a"), changedFile("/b"), changedFile("/c")]);
  const answer = await server.form("/reviews/set/approve", [
    ["hash", HASH],
    ["reviewer", "Ada"],
    ["scope", "chosen"],
    ["file", "0"],
    ["file", "2"],
    ["message", "one\r\ntwo"],
  ]);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), "/reviews/set");
  assert.deepEqual(server.desk.decisions, [
    {
      what: "approve",
      id: "set",
      options: { reviewer: "Ada", message: "one\ntwo", files: ["/a", "/c"], protectedFiles: [], hash: HASH },
    },
  ]);
  assert.match(await page("/reviews/set"), /Ada approved this, and the files are written/);
});

test("everything is approved without a list; protected files only where somebody agreed", async () => {
  changeSet([changedFile("/a"), changedFile("/.git/hooks/pre-commit", { protectedBecause: "git runs it" })]);
  assert.match(await page("/reviews/set"), /I agree to change <code><bdi class="foreign">\/\.git\/hooks\/pre-commit/);
  await server.form("/reviews/set/approve", [
    ["hash", HASH],
    ["reviewer", "Ada"],
    ["scope", "all"],
    ["protected", "1"],
  ]);
  assert.deepEqual(
    server.desk.decisions.map(({ options }) => options),
    [{ reviewer: "Ada", protectedFiles: ["/.git/hooks/pre-commit"], hash: HASH }],
  );
});

test("reject and undo", async () => {
  changeSet([changedFile("/a")]);
  await server.form("/reviews/set/reject", [
    ["hash", HASH],
    ["reviewer", "Ada"],
    ["message", "no"],
  ]);
  changeSet([changedFile("/a", { now: "applied" })], { state: "applied", decidedBy: "Ada" });
  assert.match(await page("/reviews/set"), /Undo: put the files back/);
  assert.doesNotMatch(await page("/reviews/set"), /Redo/);
  await server.form("/reviews/set/undo", [
    ["hash", HASH],
    ["reviewer", "Bob"],
  ]);
  assert.deepEqual(server.desk.decisions, [
    { what: "reject", id: "set", options: { reviewer: "Ada", message: "no", hash: HASH } },
    { what: "undo", id: "set", options: { reviewer: "Bob" } },
  ]);
});

test("single files are put back, and written again", async () => {
  const files = [
    changedFile("/a", { now: "applied" }),
    changedFile("/b", { now: "undone" }),
    changedFile("/c"),
    changedFile("/.bashrc", { now: "applied", protectedBecause: "a shell runs it" }),
  ];
  const show = () => changeSet(files, { state: "applied" });
  show();
  const text = await page("/reviews/set");
  assert.deepEqual(
    [...text.matchAll(/name="file" value="(\d)"/g)].map(([, number]) => number),
    ["0", "1", "3"],
    "what was not chosen cannot be put back",
  );
  assert.doesNotMatch(text, /name="protected"/);
  assert.match(text, /Redo: write them again/);
  const send = async (action: string, scope: string, ...numbers: string[]) => {
    show();
    const fields = [["hash", HASH], ["reviewer", "Ada"], ["scope", scope], ...numbers.map((one) => ["file", one])];
    return server.form(`/reviews/set/${action}`, fields as [string, string][]);
  };
  await send("undo", "chosen", "0", "3");
  await send("redo", "chosen", "1");
  await send("redo", "all", "1");
  assert.equal((await send("undo", "chosen")).status, 422);
  assert.deepEqual(
    server.desk.decisions.map(({ what, options }) => [what, (options as { files?: unknown }).files]),
    [
      ["undo", ["/a", "/.bashrc"]],
      ["redo", ["/b"]],
      ["redo", undefined],
    ],
  );
});

test("whose words an agent may be acting on is shown, names of others defused", async () => {
  const takenIn = [
    { source: "read<b>page", trust: "untrusted", confidentiality: "private", ways: ["retrieval"], runIds: ["run-1"] },
  ] as const;
  server.desk.add({ ...summary("one"), kind: "call", input: "{}", decision: decision(), takenIn });
  const text = await page("/reviews/one");
  assert.match(text, /What this conversation has taken in/);
  assert.match(text, /found in a vector store <a href="\/runs\/run-1">/);
  assert.doesNotMatch(text, /read<b>/);
});

test("what a refused decision was is told in words, and what was filled in stays", async () => {
  changeSet([changedFile("/a"), changedFile("/.bashrc", { protectedBecause: "a shell runs it" })]);
  const cases = [
    {
      answer: { status: "protected", files: [{ path: "/.bashrc", reason: "a shell runs it" }] },
      status: 422,
      words: /need a yes of their own[\s\S]*\/\.bashrc/,
    },
    {
      answer: { status: "bad-selection", files: [{ path: "/a", reason: "needs /d" }] },
      status: 422,
      words: /cannot be chosen like that[\s\S]*needs \/d/,
    },
    {
      answer: { status: "conflict", conflicts: [{ path: "/a", reason: "changed" }] },
      status: 409,
      words: /files changed meanwhile[\s\S]*Merge them below/,
    },
    { answer: { status: "already", state: "rejected", decidedBy: "Bob" }, status: 409, words: /Bob was faster/ },
    {
      answer: { status: "failed", error: { code: "sync-failed", message: "disk full" } },
      status: 500,
      words: /could not be done[\s\S]*disk full/,
    },
  ] as const;
  for (const { answer, status, words } of cases) {
    server.desk.answer = answer;
    const got = await server.form("/reviews/set/approve", [
      ["hash", HASH],
      ["reviewer", "Ada"],
      ["scope", "chosen"],
      ["file", "1"],
      ["message", "<hello>"],
    ]);
    assert.equal(got.status, status);
    const text = await got.text();
    assert.match(text, words);
    assert.match(text, /id="choose-1" name="file" value="1" checked/);
    assert.doesNotMatch(text, /id="choose-0" name="file" value="0" checked/);
    assert.match(text, /&lt;hello&gt;<\/textarea>/);
    assert.match(text, /name="reviewer" value="Ada"/);
  }
});

test("to choose no file is not to approve", async () => {
  changeSet([changedFile("/a")]);
  for (const fields of [[["scope", "chosen"]], []] as [string, string][][]) {
    const got = await server.form("/reviews/set/approve", [["hash", HASH], ["reviewer", "Ada"], ...fields]);
    assert.equal(got.status, 422);
    assert.match(await got.text(), /No file is chosen/);
  }
  assert.deepEqual(server.desk.decisions, []);
});

test("a decision on something else than what was shown reaches nobody", async () => {
  changeSet([changedFile("/other")], { hash: OTHER_HASH });
  const got = await server.form("/reviews/set/approve", [
    ["hash", HASH],
    ["reviewer", "Ada"],
    ["scope", "chosen"],
    ["file", "0"],
  ]);
  assert.equal(got.status, 409);
  const text = await got.text();
  assert.match(text, /not what you looked at/);
  assert.doesNotMatch(text, / checked/);
  assert.deepEqual(server.desk.decisions, []);
});

test("a form that lacks something is refused with what it lacks", async () => {
  changeSet([changedFile("/a")]);
  const complete = { hash: HASH, reviewer: "Ada" };
  const broken = [
    { ...complete, hash: "" },
    { ...complete, reviewer: " " },
    { ...complete, reviewer: "x".repeat(81) },
    { ...complete, scope: "some" },
    { ...complete, file: "-1" },
    { ...complete, message: "x".repeat(4001) },
  ];
  for (const fields of broken) {
    assert.equal(
      (await server.form("/reviews/set/approve", Object.entries(fields))).status,
      422,
      JSON.stringify(fields).slice(0, 80),
    );
  }
  assert.deepEqual(server.desk.decisions, []);
  assert.equal((await server.form("/reviews/none/approve", Object.entries(complete))).status, 404);
});

test("a browser remembers the name it signed with", async () => {
  changeSet([changedFile("/a")]);
  const got = await server.form("/reviews/set/reject", [
    ["hash", HASH],
    ["reviewer", "Ada; Path=/é"],
  ]);
  const cookie =
    got.headers
      .getSetCookie()
      .find((one) => one.startsWith("ztl_name="))
      ?.split(";")[0] ?? "";
  assert.equal(cookie, "ztl_name=Ada%3B%20Path%3D%2F%C3%A9");
});

test("a difference of 10,000 lines comes in pages, its findings lead to theirs", async () => {
  const file = changedFile("/big.txt");
  const finding = {
    rule: "r",
    family: "command",
    severity: "high",
    start: 90_000,
    end: 90_004,
    path: [],
    excerpt: "",
    reason: "x",
  } as const;
  server.desk.addFile(file, {
    diff: {
      kind: "text",
      added: 10_000,
      removed: 0,
      truncated: false,
      hunks: [{ oldStart: 1, newStart: 1, lines: lines(10_000) }],
    },
    findings: [finding],
  });
  changeSet([file]);
  const overview = await page("/reviews/set");
  assert.ok(overview.length < 60_000);
  assert.match(overview, /Show all of this file: 9,920 more rows/);
  const [, place] = /href="(\/reviews\/set\/files\/0\?from=\d+)#f0-0"/.exec(overview) as unknown as [string, string];
  assert.match(await page(place), /<mark class="sev-high">/);
  const first = await page("/reviews/set/files/0");
  assert.match(first, /line 499</);
  assert.doesNotMatch(first, /line 500</);
  assert.match(await page("/reviews/set/files/0?from=9500"), /line 9999</);
  assert.ok(first.length < 200_000);
});

test("5,000 files are listed page by page, protected ones before others, each once", async () => {
  const files = Array.from({ length: 5000 }, (_, index) => changedFile(`/f${index}`));
  changeSet([...files, changedFile("/.bashrc", { protectedBecause: "a shell runs it" })]);
  const text = await page("/reviews/set");
  assert.match(text, /5,001 files/);
  assert.match(text, /Files 1 to 1,000 of 5,001/);
  assert.match(text, /name="protected" value="5000"/);
  assert.ok(text.indexOf('id="file-998"') > text.indexOf('id="file-2"'));
  const seen: string[] = [];
  for (let address: string | undefined = "/reviews/set"; address !== undefined; ) {
    const shown = await page(address);
    seen.push(...[...shown.matchAll(/name="file" value="(\d+)"/g)].map((match) => match[1] as string));
    address = /<a href="([^"]*)">More files</.exec(shown)?.[1]?.split("#")[0];
  }
  assert.deepEqual(
    seen.map(Number).sort((a, b) => a - b),
    Array.from({ length: 5001 }, (_, number) => number),
  );
});

test("a directory is agreed to in one click, and what is agreed to is each file in it by its name", async () => {
  const directory = (path: string) => changedFile(path, { fileType: "directory" });
  const paths = ["/p/a", "/p/a/b", "/p/a/bc", "/p/a/b/one", "/p/a/b/two & \u202e", "/p/a/bc/x", "/p/c", "/p/a/d/y"];
  changeSet(paths.map((path) => (["/p/a", "/p/a/b", "/p/a/bc"].includes(path) ? directory(path) : changedFile(path))));
  const text = await page("/reviews/set");
  const approve = (directory: string) =>
    server.form("/reviews/set/approve", [
      ["hash", HASH],
      ["reviewer", "Ada"],
      ["directory", directory],
    ]);
  const numbers = [...text.matchAll(/<li><code>(?:<[^>]*>)*([^<]*)<[^\n]*\n[^\n]*name="directory" value="(\d+)"/g)];
  assert.deepEqual(
    numbers.map((match) => match[1]),
    ["/p/a", "/p/a/b", "/p/a/bc"],
    "not those with one file or with all",
  );
  for (const [name, chosen] of Object.entries({
    "/p/a/b": ["/p/a", "/p/a/b", "/p/a/b/one", "/p/a/b/two & \u202e"],
    "/p/a": paths.filter((path) => path !== "/p/c"),
  })) {
    const value = numbers.find((match) => match[1] === name)?.[2] ?? "";
    server.desk.decisions.length = 0;
    server.desk.answer = { status: "done", state: "applied", files: [] };
    await approve(value);
    const options = server.desk.decisions[0]?.options as { files: readonly string[] };
    assert.deepEqual(options.files, chosen);
  }
  server.desk.decisions.length = 0;
  await approve("99");
  assert.equal(server.desk.decisions.length, 0, "one that is not there is no choice");
});

function decision() {
  return {
    decision: "ask",
    rule: "rule-of-two",
    reason: "Untrusted input meets an outward effect.",
    considered: [
      { rule: "roles.worker.tools", outcome: "allows", why: "The role may." },
      { rule: "rule-of-two", outcome: "asks", why: "Both at once." },
      { rule: "ask", outcome: "does-not-apply", why: "Not set." },
    ],
  } as const;
}

test("a call that needs agreement shows its input and every rule", async () => {
  server.desk.add({ ...summary("call"), kind: "call", input: '{"to":"a@b.example","n":[1]}', decision: decision() });
  const text = await page("/reviews/call");
  for (const part of [
    ">to</td>",
    ">a@b.example</td>",
    "Both at once.",
    "does not apply",
    "make exactly this call once",
    "Agree to this call",
  ]) {
    assert.ok(text.includes(part), part);
  }
  await server.form("/reviews/call/approve", [
    ["hash", HASH],
    ["reviewer", "Ada"],
  ]);
  assert.deepEqual(server.desk.decisions.at(-1), {
    what: "approve",
    id: "call",
    options: { reviewer: "Ada", hash: HASH },
  });
});

test("an input nested a hundred thousand deep is shown as it is", async () => {
  server.desk.add({
    ...summary("deep"),
    kind: "call",
    input: "[".repeat(100_000) + "]".repeat(100_000),
    decision: decision(),
  });
  assert.ok((await page("/reviews/deep")).length < 400_000);
});

test("a withheld text is shown with what the guard saw marked in it", async () => {
  const text = `harmless\n${"x".repeat(100)}<|im_start|>system`;
  server.desk.add({
    ...summary("content"),
    kind: "content",
    text,
    findings: [
      {
        rule: "chat-template.chatml",
        family: "chat-template",
        severity: "critical",
        start: 109,
        end: 121,
        path: [],
        excerpt: "<|im_start|>⟦U+202E⟧",
        reason: "begins a turn",
      },
    ],
    unlisted: 7,
    foundToday: [
      {
        rule: "newer.rule",
        family: "command",
        severity: "low",
        start: 0,
        end: 8,
        path: [],
        excerpt: "harmless",
        reason: "is seen since",
      },
    ],
  });
  const shown = await page("/reviews/content");
  assert.match(shown, /&lt;\|im_start\|&gt;<i class="hidden-char" title="[^"]+">⟦U\+202E⟧<\/i>/);
  assert.match(shown, /7 findings more were not kept/);
  assert.match(shown, /What today’s rules see beyond that<\/h3><ol class="findings">.*newer\.rule/s);
  assert.match(shown, /<mark class="sev-low">harmless<\/mark>/);
  assert.match(shown, /<mark class="sev-critical">&lt;\|im_start\|&gt;<\/mark>system/);
  assert.match(shown, /Release to the agent/);
  assert.match(shown, /href="\/reviews\/content\?from=0#finding-0"/);
});

test("each state tells where it stands, and offers what can still be done", async () => {
  const expected = {
    used: /made the call/,
    applied: /Undo/,
    undone: /as they were/,
    conflict: /no longer what the run saw/,
    failed: /Nothing was written/,
    rejected: /rejected this/,
    expired: /in time/,
    superseded: /nothing left to decide/,
    approved: /approved/,
  } as const;
  for (const [state, words] of Object.entries(expected)) {
    changeSet([changedFile("/a")], { state: state as Review["state"], decidedBy: "Ada", message: "why" });
    const text = await page("/reviews/set");
    assert.match(text, words, state);
    assert.doesNotMatch(text, /Approve everything/, state);
    assert.match(text, /With the message: <bdi class="foreign">why/, state);
  }
});

test("what is not there is not found", async () => {
  changeSet([changedFile("/a")]);
  for (const path of [
    "/reviews/none",
    "/reviews/set/files/7",
    "/reviews/set/files/x",
    "/reviews/set/files/-1",
    "/reviews/set/files/__proto__",
    "/nothing",
  ]) {
    assert.match(await page(path, 404), /nothing here/i, path);
  }
});

test("a long list comes in pages, in one order", async () => {
  for (let i = 0; i < REVIEWS_SHOWN_MAX + 5; i++) {
    server.desk.add({ ...summary(`r${i}`), kind: "call", input: "{}", decision: decision() });
  }
  const first = await (await server.request("/")).text();
  assert.match(first, new RegExp(`\\(${REVIEWS_SHOWN_MAX}\\+\\) Waiting`));
  const next = /href="(\/\?after=[^"]+)">More/.exec(first)?.[1];
  assert.ok(next);
  const second = await (await server.request(next)).text();
  assert.equal([...second.matchAll(/class="card item"/g)].length, 5);
  assert.match(second, /From the beginning/);
  const api = (await (await server.api("/api/reviews?limit=2")).json()) as { reviews: unknown[]; next?: string };
  assert.deepEqual([api.reviews.length, api.next], [2, "r1"]);
  const end = (await (await server.api(`/api/reviews?after=r${REVIEWS_SHOWN_MAX}`)).json()) as typeof api;
  assert.deepEqual([end.reviews.length, end.next], [4, undefined]);
});
