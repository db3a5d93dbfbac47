import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { EnvironmentSeal } from "./environment.ts";

const seal = new EnvironmentSeal(randomBytes(32));
const VALUES = { TOKEN: "one", HOME: "/home" };

test("a value that is another, missing or new is named", () => {
  const sealed = seal.seal(VALUES);
  assert.deepEqual(seal.changed(sealed, VALUES), []);
  assert.deepEqual(seal.changed(sealed, { ...VALUES, TOKEN: "two" }), ["TOKEN"]);
  assert.deepEqual(seal.changed(sealed, { TOKEN: "one" }), ["HOME"]);
  assert.deepEqual(seal.changed(sealed, { ...VALUES, toString: "new" }), ["toString"]);
  assert.deepEqual(seal.changed(sealed), ["TOKEN", "HOME"]);
  assert.deepEqual(seal.changed({}, {}), []);
});

test("the hash is of name and value, under this state's key", () => {
  const { A, B } = seal.seal({ A: "same", B: "same" });
  assert.notEqual(A, B);
  assert.notEqual(new EnvironmentSeal(randomBytes(32)).seal({ A: "same" }).A, A);
});
