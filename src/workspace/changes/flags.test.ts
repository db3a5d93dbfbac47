import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeWorld, proposalOf } from "../testing/world.ts";

test("reviewers are told what to look at twice", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  fs.writeFileSync(join(world.host, "Makefile"), "all:\n");
  fs.writeFileSync(join(world.host, "linked"), "x");
  fs.linkSync(join(world.host, "linked"), join(world.place, "elsewhere"));
  const proposal = proposalOf(world, (d) => {
    fs.writeFileSync(join(d, "plain"), "x");
    fs.writeFileSync(join(d, "set"), "x");
    fs.chmodSync(join(d, "set"), 0o4755);
    fs.writeFileSync(join(d, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    fs.symlinkSync("/etc/passwd", join(d, "absolute"));
    fs.symlinkSync("../x", join(d, "up"));
    fs.symlinkSync("plain", join(d, "inside"));
    fs.writeFileSync(join(d, "nul"), "a\0b");
    fs.writeFileSync(join(d, "large"), "x".repeat(5 * 1024 * 1024));
    fs.writeFileSync(join(d, "photo_\u202egpj.exe"), "x");
    fs.writeFileSync(join(d, "new\nline"), "x");
    fs.writeFileSync(join(d, "zero\u200bwidth"), "x");
    for (const name of [
      "tag\u{e0041}",
      "blank\u2800",
      "wide\u3000space",
      "filler\u3164",
      "ends ",
      "\u0338struck",
      "piled\u0301\u0301",
    ])
      fs.writeFileSync(join(d, name), "x");
    for (const name of ["heart \u2764\ufe0f", "re\u0301sume\u0301", "日本語"]) fs.writeFileSync(join(d, name), "x");
    fs.writeFileSync(Buffer.concat([Buffer.from(`${d}/`), Buffer.from([0xff])]), "x");
    fs.writeFileSync(join(d, "MAKEFILE"), "x");
    fs.chmodSync(join(d, "linked"), 0o600);
  });
  const { entries } = await workspace.propose(proposal);
  const flags = Object.fromEntries(
    entries.map(({ path, flags: found }) => [path.replace("/project/", ""), found.join()]),
  );
  assert.deepEqual(flags, {
    plain: "",
    set: "setuid,executable",
    "run.sh": "executable",
    absolute: "symlink-outside",
    up: "symlink-outside",
    inside: "",
    nul: "binary",
    large: "large",
    "photo_\u202egpj.exe": "hidden-characters",
    "new\nline": "hidden-characters",
    "zero\u200bwidth": "hidden-characters",
    "tag\u{e0041}": "hidden-characters",
    "blank\u2800": "hidden-characters",
    "wide\u3000space": "hidden-characters",
    "filler\u3164": "hidden-characters",
    "ends ": "hidden-characters",
    "\u0338struck": "hidden-characters",
    "piled\u0301\u0301": "hidden-characters",
    "heart \u2764\ufe0f": "",
    "re\u0301sume\u0301": "",
    日本語: "",
    "bytes:\\xff": "hidden-characters",
    MAKEFILE: "case-clash",
    linked: "other-names",
  });
});
