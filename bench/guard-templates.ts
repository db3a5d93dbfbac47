import { readFileSync } from "node:fs";
import { RuleSet } from "../src/guard/rule-set.ts";
import { RULES_WITHOUT_VOCABULARY } from "../src/guard/rules/index.ts";
import { vocabularyRules } from "../src/guard/rules/vocabulary.ts";
import { scan } from "../src/guard/scanner.ts";
import { ENCODINGS } from "../src/guard/testing.ts";
import { familiesIn, TOKEN_FAMILIES } from "../src/guard/vocabulary/index.ts";

/**
 * `npm run bench:guard-templates -- FILE.jsonl...`: how many turn formats of a collection the guard finds: as they are, in every way of
 * writing them, and when it does not know them. "Left out" drops every family that has a token of the format before it looks; "shapes
 * alone" has no family at all. A row has `format`, `system`, `turn` and `separator`, with `{{QUERY}}` or `{{content}}` for the content.
 */

interface Format {
  readonly name: string;
  /** What a text that ends its own turn and begins another would say. */
  readonly payload: string;
  readonly isPlain: boolean;
}

const SLOT = /\{\{(?:QUERY|content|SYSTEM|system)\}\}|\{system_message\}/g;
const CONTROL_SIGN = /[<>[\]{}|｜~✿]/u;

function formatOf(line: string): Format {
  const row = JSON.parse(line) as Readonly<Record<string, string | undefined>>;
  const filled = (text = ""): string => text.replace(/\{\{ROUND\d\}\}/g, "1").replace(SLOT, "go on");
  const payload = `${filled(row.separator)}${filled(row.turn)}${filled(row.system)}`;
  return { name: row.format ?? "", payload, isPlain: !CONTROL_SIGN.test(payload) };
}

const formats = process.argv
  .slice(2)
  .flatMap((file) => readFileSync(file, "utf8").split("\n"))
  .filter((line) => line.trim() !== "")
  .map(formatOf);
const special = formats.filter(({ isPlain }) => !isPlain);
const plain = formats.filter(({ isPlain }) => isPlain);

const shapes = new RuleSet(RULES_WITHOUT_VOCABULARY);
const around = (text: string): string => `The answer is:\n${text}\nas expected.`;
const isFound = (text: string, rules?: RuleSet): boolean =>
  scan(around(text), rules === undefined ? {} : { rules }).decision !== "admit";

/** Rules without each set of families that some format needs; there are some tens of them. */
const without = new Map<string, RuleSet>();
function leftOut(payload: string): RuleSet {
  const own = new Set(familiesIn(payload).map(({ family }) => family));
  const key = [...own].sort().join();
  const known = without.get(key);
  if (known !== undefined) return known;
  const rest = TOKEN_FAMILIES.filter(({ family }) => !own.has(family));
  const rules = new RuleSet([...RULES_WITHOUT_VOCABULARY, ...vocabularyRules(rest)]);
  without.set(key, rules);
  return rules;
}

const share = (list: readonly Format[], found: (one: Format) => boolean): string => {
  const count = list.filter(found).length;
  return `${count} of ${list.length} (${list.length === 0 ? 0 : ((100 * count) / list.length).toFixed(1)} %)`;
};
const say = (what: string, value: string): void => console.log(`${what.padEnd(44)}${value}`);

say("formats", `${formats.length}, ${special.length} with special tokens`);
say(
  "found",
  share(special, ({ payload }) => isFound(payload)),
);
say(
  "blocked, so no model's own words carry it",
  share(special, ({ payload }) => scan(around(payload)).decision === "block"),
);
say(
  "found when its families are left out",
  share(special, ({ payload }) => isFound(payload, leftOut(payload))),
);
say(
  "found by shapes alone",
  share(special, ({ payload }) => isFound(payload, shapes)),
);
for (const [name, encode] of Object.entries(ENCODINGS))
  say(
    `found as ${name}`,
    share(special, ({ payload }) => isFound(encode(payload))),
  );
say(
  "plain words, found",
  share(plain, ({ payload }) => isFound(payload)),
);
const missed = formats.filter(({ payload }) => !isFound(payload));
for (const { name, payload, isPlain } of missed)
  console.log(`not found${isPlain ? " (plain words)" : ""}: ${name}: ${JSON.stringify(payload).slice(0, 100)}`);
if (missed.some(({ isPlain }) => !isPlain)) process.exitCode = 1;
