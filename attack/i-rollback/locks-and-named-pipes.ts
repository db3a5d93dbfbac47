import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Locks, named pipes and shared memory of a run are not there in the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave:
        "f = open('/tree/lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX); os.mkfifo('/tmp/p'); p = os.open('/tmp/p', os.O_RDWR); os.write(p, b'left')",
      look: `f = open('/tree/lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB); os.mkfifo('/tmp/p'); p = os.open('/tmp/p', os.O_RDWR | os.O_NONBLOCK)
try: print(os.read(p, 10))
except BlockingIOError: print('empty')`,
    }),
};
