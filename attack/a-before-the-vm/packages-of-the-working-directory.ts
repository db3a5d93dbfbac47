import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

const LIBRARY = `
const sandbox = await ztl.Sandbox.open();
console.log((await sandbox.run({ tool: "shell", code: "echo $((6 * 7))" })).stdoutText);
await sandbox.close();
`;

export const attack: Attack = {
  promise: 56,
  must: "No package, package.json (imports, exports, type), tsconfig.json, .npmrc, .env or node.config.json of the working directory has a part in what Node runs.",
  needs: ["kvm"],
  run(stage) {
    using around = new Surroundings(stage);
    const { project, traps } = around;
    const below = around.directory("project/node_modules/koffi/below");
    const asked = {
      NODE_PATH: `${join(project, "node_modules")}:${project}`,
      npm_config_userconfig: traps.file(".npmrc"),
    };
    for (const cwd of [project, below]) {
      around.assertUntouched(around.ztl(["version"], asked, cwd), /^\d/);
      around.assertUntouched(around.ztl(["run", "--json", "--", "/bin/true"], asked, cwd), /"status":"ok"/);
      around.assertUntouched(around.library(LIBRARY, asked, cwd), /^42$/m);
    }
    spawnSync(process.execPath, ["-e", "require('koffi')"], { cwd: project });
    around.assertWentOff("node_modules+koffi+index.js");
  },
};
