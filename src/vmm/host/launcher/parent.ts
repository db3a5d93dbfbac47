import { addPidReport } from "./report.ts";
import { Call } from "./system-calls.ts";
import { argumentAddress, type CallTable } from "./table.ts";

/** linux/wait.h, asm-generic/siginfo.h: WEXITED; CLD_EXITED; where `siginfo_t` has si_code and si_status. */
const P_ALL = 0;
const WEXITED = 4;
const CLD_EXITED = 1;
const SIGINFO_BYTES = 128;
const SI_CODE = 8;
const SI_STATUS = 24;
/** linux/futex.h, with FUTEX_PRIVATE_FLAG */
const FUTEX_CMP_REQUEUE_PRIVATE = 4 | 128;
/** linux/prctl.h */
const PR_SET_NAME = 15;
/** close_range(2): up to the last. */
const ALL = 0xffff_ffff;
/** When the signal that killed the child does not kill the launcher: as a shell reports a signal. */
const KILLED_STATUS = 128;

/**
 * A new pid namespace begins with the next child (pid_namespaces(7)): the launcher forks, the child goes on, and the
 * launcher does nothing but wait and end the same way. It lies outside the namespace and holds no descriptor.
 */
export function addWaitingParent(table: CallTable): void {
  const child = table.newLabel();
  const waiting = table.newLabel();
  const exited = table.newLabel();
  const killed = table.newLabel();
  addPidReport(
    table,
    (address) => {
      table.call("fork", Call.fork, [], { onZero: child, onPositive: waiting }, address);
      table.place(exited);
      const exit = table.call("exit as it did", Call.exitGroup, [0]);
      table.place(killed);
      // Signals go to the process group: the launcher leads one of its own, and the child is dead.
      const kill = table.call("die as it did", Call.kill, [0, 0], { onError: "next" });
      table.call("exit", Call.exitGroup, [KILLED_STATUS]);
      table.place(waiting);
      return { exit, kill };
    },
    ({ exit, kill }) => {
      table.call("name", Call.prctl, [PR_SET_NAME, table.text("ztl-launcher")], { onError: "next" });
      table.call("close all", Call.closeRange, [0, ALL, 0]);
      const information = table.bytes(new Uint8Array(SIGINFO_BYTES));
      table.call("wait", Call.waitid, [P_ALL, 0, information, WEXITED, 0]);
      // A number is moved in memory by sending it through a pipe, whose descriptors are 0 and 1.
      table.call("pipe", Call.pipe2, [table.bytes(new Uint8Array(8)), 0]);
      for (const address of [argumentAddress(exit, 0), argumentAddress(kill, 1)]) {
        table.call("give", Call.write, [1, information + SI_STATUS, 4]);
        table.call("take", Call.read, [0, address, 4]);
      }
      // Compares a number in memory with CLD_EXITED: EAGAIN when it is another, else nobody waits and nothing happens.
      const compared = [
        information + SI_CODE,
        FUTEX_CMP_REQUEUE_PRIVATE,
        0,
        0,
        table.bytes(new Uint8Array(8)),
        CLD_EXITED,
      ];
      table.call("how it ended", Call.futex, compared, { onError: killed, onZero: exited, onPositive: exited });
    },
  );
  table.place(child);
}
