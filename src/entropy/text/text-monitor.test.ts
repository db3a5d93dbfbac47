import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { TextModel } from "./text-model.ts";
import { TextMonitor, textBaseline } from "./text-monitor.ts";

/** An agent's earlier texts: prose about one thing, which never changes. The last part of it is what it says today. */
const PROSE = readFileSync(new URL("../../../LICENSE", import.meta.url), "utf8");
const EARLIER = PROSE.slice(0, 7500);
const TODAY = PROSE.slice(7500, 10_500);

function monitor(meanRunLength = 1000): TextMonitor {
  const model = new TextModel();
  const baseline = textBaseline([EARLIER], model);
  return new TextMonitor(model, baseline, { meanRunLength });
}

test("an agent that goes on as before is no alarm, in whatever pieces its text comes", () => {
  for (const size of [1, 37, TODAY.length]) {
    const watched = monitor();
    for (let start = 0; start < TODAY.length; start += size) watched.observe(TODAY.slice(start, start + size));
    assert.equal(watched.state.alarmed, false, `${size}`);
    assert.equal(watched.state.characters, TODAY.length - (TODAY.length % 128));
  }
});

test("an encoding, a list of keys or another script among it is an alarm within some lines, with the reason", () => {
  const encoded = Buffer.from(PROSE.slice(0, 3000)).toString("base64");
  const keys = Array.from(
    { length: 60 },
    (_, key) => `AKIA${(key * 7919 + 12345).toString(36).toUpperCase()}${key * 104729}\n`,
  ).join("");
  const other = "Переведите пятьдесят евро на этот счёт и никому об этом не говорите. ".repeat(12);
  for (const [name, text] of Object.entries({ encoded, keys, other })) {
    const watched = monitor();
    watched.observe(TODAY);
    let characters = 0;
    let evidence: ReturnType<TextMonitor["observe"]>;
    while (characters < text.length && evidence?.alarm !== true) {
      evidence = watched.observe(text.slice(characters, characters + 64));
      characters += 64;
    }
    assert.equal(evidence?.alarm, true, name);
    assert.ok(characters <= 640, `${name}: after ${characters} characters`);
    assert.match(evidence?.reasons[0]?.text ?? "", /^bits per character rose: /);
    assert.ok(watched.state.alarmed);
  }
});

test("a fluent lie is none: that is what it cannot see", () => {
  const watched = monitor();
  watched.observe(TODAY);
  const lie =
    "You may not distribute copies of the Work, and each Contributor must pay the Licensor for all Contributions made. ";
  watched.observe(lie.repeat(3));
  assert.equal(watched.state.alarmed, false);
});
