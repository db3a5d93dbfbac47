import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Modules that a run changed are whole in the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave:
        "import json, builtins; json.dumps = None; builtins.print_kept = 1; sys.path.insert(0, '/tree'); sys.modules['trace'] = sys; sys.setrecursionlimit(77); sys.stdout.write('')",
      look: "import json, builtins; print(json.dumps([1]), hasattr(builtins, 'print_kept'), sys.path, 'trace' in sys.modules, sys.getrecursionlimit())",
    }),
};
