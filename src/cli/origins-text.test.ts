import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArgumentOrigin, OriginStep, Timeline } from "../loop/index.ts";
import { originLines, traceLines } from "./origins-text.ts";
import { timelineText } from "./timeline.ts";

/** Pages, models and guests chose these texts: on a terminal each stays on its line, and nothing of it acts or hides. */

const ACTING = ["\u001b[2J", "\u001b]0;owned\u0007", "\u009b31m", "\b", "\r", "\n", "\v", "\u2028", "\u0085"];
const HIDING = ["\u202e", "\u2066", "\u200b", "\u00ad", "\u{e0041}", "\ufe0f", "\u{e0100}", "\ud800", "\ue000"];
const LONG = "word ".repeat(20_000);

function originsWith(name: string): readonly ArgumentOrigin[] {
  const step: OriginStep = { entry: 3, role: "given", runId: name, agent: name, conversation: name, tool: name };
  const { runId: _, tool: __, ...said } = step;
  const source = { ...step, excerpt: name, start: 0, end: 3, transforms: [], reached: "elsewhere" } as const;
  const one = { kind: "iban", excerpt: name, start: 0, end: 3, transforms: [], source, unlisted: 1 } as const;
  return [
    { ...one, places: [name, name], trail: [step, { ...said, role: "said" }] },
    { ...one, kind: "read", places: [], source: { ...source, reached: "file" }, trail: [step] },
  ];
}

function timelineWith(name: string): Timeline {
  const entry = {
    index: 3,
    time: "2026-11-27T09:30:00.000Z",
    previousHash: "",
    hash: "",
    agent: name,
    runId: name,
  } as const;
  const call = {
    ...{ runId: name, index: 3, agent: name, tool: name, conversation: name, time: entry.time, command: name },
    ...({ decision: "run", status: name, verdict: "flag", replayable: true, isOutward: true, cameIn: true } as const),
  };
  const [{ source }] = originsWith(name) as [ArgumentOrigin];
  return {
    conversation: name,
    agents: [name, name],
    calls: [call],
    entries: [
      { ...entry, kind: "call", body: { tool: name, input: name, taint: [] } },
      { ...entry, kind: "note", body: { text: name } },
      { ...entry, kind: "policy-decision", body: { decision: "ask", rule: name, reason: name } },
    ],
    edges: [{ from: source, to: name, places: [name], kind: "iban", text: name }],
    unread: [1],
    isCut: true,
  };
}

const PAINTERS: Readonly<Record<string, (name: string) => string>> = {
  origins: (name) => originLines(originsWith(name)).join("\n"),
  traces: (name) =>
    traceLines([{ ...(originsWith(name)[0] as ArgumentOrigin).source, origins: originsWith(name) }]).join("\n"),
  timeline: (name) => timelineText(timelineWith(name)),
};

for (const [what, paint] of Object.entries(PAINTERS)) {
  test(`hostile texts in ${what} do nothing to a terminal`, () => {
    const lines = paint("plain").split("\n").length;
    for (const sign of [...ACTING, ...HIDING]) {
      const text = paint(`a${sign}z`);
      assert.ok(!text.replaceAll("\n", "").includes(sign), JSON.stringify(sign));
      assert.equal(text.split("\n").length, lines, JSON.stringify(sign));
      // What was in its place is to be seen.
      assert.ok(text.includes("a") && text.includes("z"));
    }
    assert.ok(paint(LONG).length < 20_000, `${paint(LONG).length}`);
  });
}
