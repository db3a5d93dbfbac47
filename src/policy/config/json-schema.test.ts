import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { z } from "zod";
import { parseCall } from "../../sandbox/call.ts";
import { RUN_LIMIT_BOUNDS } from "../limits.ts";
import { SAMPLE } from "../testing.ts";
import { configJsonSchema, type JsonSchema } from "./json-schema.ts";
import { parseConfig } from "./parse.ts";
import { STARTER_CONFIG } from "./starter.ts";

const schema = configJsonSchema();
const FILE = new URL("../../../ztl.config.schema.json", import.meta.url);

test("ztl.config.schema.json is what the configuration's schema gives", () => {
  assert.deepEqual(
    JSON.parse(readFileSync(FILE, "utf8")),
    JSON.parse(JSON.stringify(schema)),
    "make it anew: node bin/ztl.js policy schema > ztl.config.schema.json && npm run format",
  );
});

test("every setting is described for editors", () => {
  const undescribed: string[] = [];
  const walk = (part: JsonSchema, place: string): void => {
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      if (property.description === undefined) undescribed.push(`${place}.${name}`);
      walk(property, `${place}.${name}`);
    }
    for (const form of part.oneOf ?? []) walk(form, place);
    if (part.items !== undefined) walk(part.items, `${place}[]`);
    if (typeof part.additionalProperties === "object") walk(part.additionalProperties, `${place}.*`);
  };
  walk(schema, "");
  assert.deepEqual(undescribed, []);
});

describe("an editor that checks against the schema agrees with the loop", () => {
  // zod reads a JSON schema back: a second reader of the file than the one that wrote it.
  const asEditor = z.fromJSONSchema(JSON.parse(readFileSync(FILE, "utf8")));
  const accepted = (config: unknown): boolean => {
    try {
      parseConfig(config, { directory: "/" });
      return true;
    } catch {
      return false;
    }
  };
  const edit = (tool: object): unknown => ({ ...SAMPLE, tools: { ...SAMPLE.tools, edit: tool } });
  const cases: readonly [title: string, config: unknown, valid: boolean][] = [
    ["the sample", SAMPLE, true],
    ["the one to begin with", STARTER_CONFIG, true],
    ["an unknown setting", { ...SAMPLE, rolls: {} }, false],
    ["a missing section", { agents: {}, roles: {} }, false],
    ["an unknown template", edit({ template: "perl" }), false],
    ["a setting of another kind of tool", edit({ external: true, template: "shell" }), false],
    ["a limit out of bounds", edit({ template: "shell", limits: { wallMs: 0 } }), false],
    ["a wall that is demanded", { ...SAMPLE, isolation: { landlock: "required", network: "preferred" } }, true],
    ["a wall nobody knows", { ...SAMPLE, isolation: { moat: "required" } }, false],
    ["a demand that is none", { ...SAMPLE, isolation: { landlock: "demanded" } }, false],
    ["a name that is none", { ...SAMPLE, agents: { "a b": { role: "editor" } } }, false],
  ];
  for (const [title, config, valid] of cases)
    test(`${title}: ${valid ? "valid" : "not valid"}`, () => {
      assert.equal(accepted(config), valid);
      assert.equal(asEditor.safeParse(JSON.parse(JSON.stringify(config))).success, valid);
    });
});

test("a run's limits have the sandbox's bounds", () => {
  const sandboxTakes = (name: string, value: number): boolean => {
    try {
      parseCall({ tool: "exec", program: "true", limits: { [name]: value } });
      return true;
    } catch {
      return false;
    }
  };
  for (const [name, { min, max }] of Object.entries(RUN_LIMIT_BOUNDS))
    assert.deepEqual(
      [min - 1, min, max, max + 1].map((value) => sandboxTakes(name, value)),
      [false, true, true, false],
      name,
    );
});
