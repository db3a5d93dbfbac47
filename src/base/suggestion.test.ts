import assert from "node:assert/strict";
import { test } from "node:test";
import { suggestion } from "./suggestion.ts";

test("the nearest name that can be meant is suggested", () => {
  const known = ["role", "roles", "tools", "read", "send_mail"];
  const cases: Readonly<Record<string, string>> = {
    rolee: "role",
    roless: "roles",
    Tools: "tools",
    raed: "read",
    sendmail: "send_mail",
    send_male: "send_mail",
  };
  for (const [written, meant] of Object.entries(cases))
    assert.equal(suggestion(written, known), `; did you mean "${meant}"?`, written);
});

test("what is like nothing gets no suggestion", () => {
  for (const written of ["", "x", "daer", "delete_everything"])
    assert.equal(suggestion(written, ["role", "read", "send_mail"]), "", written);
});
