import { setTimeout as sleep } from "node:timers/promises";
import { Captive } from "../../test/isolation/captive/captive.ts";

/** A host process that has a cell taken over, says the cell's process id, and waits for its own end. */
const [cacheDirectory = ""] = process.argv.slice(2);
const captive = new Captive({ cacheDirectory });
const cell = await captive.pool.acquire();
const { pid } = cell;
captive.pool.release(cell);
void captive.tries(
  ({ call, memory, run }) => {
    call(14, 0, memory(new Uint8Array(8).fill(255)), 0, 8); // rt_sigprocmask: SIG_BLOCK
    for (let fd = 0; fd < 64; fd++) call(3, fd); // close
    return run(Uint8Array.from([0xeb, 0xfe]));
  },
  null,
  { limits: { wallMs: 60_000 } },
);
await sleep(500);
process.stdout.write(`${pid}\n`);
await sleep(60_000);
