import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Processes and threads of a run are gone before the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: `for i in range(5):
  if os.fork() == 0: time.sleep(99)
for i in range(5): threading.Thread(target=time.sleep, args=[99], daemon=True).start()`,
      look: "print([n for n in os.listdir('/proc') if n.isdigit()] == [str(os.getpid())], os.listdir('/proc/self/task'), os.getpid(), threading.active_count())",
    }),
};
