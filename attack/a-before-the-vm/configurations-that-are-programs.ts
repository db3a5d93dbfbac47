import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

const ENDINGS = ["ts", "mts", "cts", "js", "mjs", "cjs"];
const COMMANDS = [
  ["policy", "check"],
  ["review"],
  ["runs"],
  ["ledger", "verify"],
  ["approve", "01234567", "--hash", "00"],
  ["serve"],
];
const LIBRARY = `
try { await (await ztl.ZeroTrustLoop.open()).close(); console.log("opened"); } catch (error) { console.log(error.code); }
`;

export const attack: Attack = {
  promise: 57,
  must: "A ztl.config that is a program is told of and not run, alone, beside others or named by a JSON one, whoever looks for a configuration.",
  run(stage) {
    using around = new Surroundings(stage);
    const { traps } = around;
    rmSync(traps.file("ztl.config.json"));
    const told = /is a program|config-not-found|no configuration/;
    for (const command of COMMANDS) around.assertUntouched(around.ztl(command), told);
    around.assertUntouched(around.library(LIBRARY), /config-not-found/);
    for (const ending of ENDINGS) {
      const module = `./ztl.config.${ending}`;
      traps.write("ztl.config.json", JSON.stringify({ $schema: module, extends: module, import: module, agents: {} }));
      around.assertUntouched(around.ztl(["policy", "check"]), /config-invalid/);
      spawnSync(process.execPath, [traps.file(module)], { cwd: around.base });
      around.assertWentOff(`ztl.config.${ending}`);
      rmSync(around.directory("ran"), { recursive: true });
      around.directory("ran");
    }
  },
};
