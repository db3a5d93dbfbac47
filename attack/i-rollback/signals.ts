import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Handlers, masks, waiting signals and signal stacks of a run are not the next one's.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave:
        "signal.signal(signal.SIGUSR1, lambda *_: 0); signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, 50}); os.kill(os.getpid(), 12); os.kill(os.getpid(), 50)",
      look: "print(signal.getsignal(10), signal.getsignal(15), signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending())",
    }),
};
