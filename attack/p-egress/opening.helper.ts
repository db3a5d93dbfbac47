import type { ConnectionFailure } from "../../src/egress/connection.ts";
import type { EgressGate } from "../../src/egress/index.ts";

/** Asks a gate for a connection, as a cell would: why there is none, or that it was made. */
export function tryToOpen(gate: EgressGate, host: string, port: number): Promise<ConnectionFailure | "opened"> {
  const nothing = (): void => {};
  return new Promise((resolve) => {
    gate.open(host, port, {
      opened: () => resolve("opened"),
      failed: resolve,
      data: nothing,
      ended: nothing,
      sent: nothing,
      reset: nothing,
    });
  });
}
