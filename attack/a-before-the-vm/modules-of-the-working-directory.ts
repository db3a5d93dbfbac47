import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

const LIBRARY = `
const sandbox = await ztl.Sandbox.open({ mounts: [{ kind: "overlay", host: ".", guest: "/project" }] });
console.log((await sandbox.run({ tool: "python", code: "import json; print(json.loads('42'))", cwd: "/tmp" })).stdoutText);
await sandbox.close();
`;

export const attack: Attack = {
  promise: 56,
  must: "A json.py, sys.py or sitecustomize.py in the working directory is not imported on the host by anything that looks for a Python.",
  needs: ["kvm", "python"],
  run(stage) {
    using around = new Surroundings(stage);
    around.assertUntouched(around.ztl(["run", "--python", "import json; print(6 * 7)"]), /^42$/m);
    around.assertUntouched(around.ztl(["doctor"]), /Trial run: a shell in a micro-VM: \d/);
    around.assertUntouched(around.library(LIBRARY), /^42$/m);
    around.assertAlive("json.py", ["-c", "import json"]);
  },
};
