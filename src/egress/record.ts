import type { HostName } from "./host-name.ts";

/**
 * How a connection went. `refused`: the gate did not let it out. `failed`: the network did not bring it there. `closed`: both
 * sides, or the run, were done with it. `reset`: one of the two broke it off. `severed`: it was cut here.
 */
export type EgressOutcome = "refused" | "failed" | "closed" | "reset" | "severed";

/** One connection that a run made, or was not allowed to make. All of it is what this process saw; nothing is the guest's word. */
export interface EgressRecord {
  /** In the order they were asked for, from 1. */
  readonly number: number;
  readonly host: HostName;
  readonly port: number;
  /** What the name led to when it was looked up; empty when it was not. */
  readonly addresses: readonly string[];
  /** The one that was connected to: of those that were checked. */
  readonly address?: string;
  readonly outcome: EgressOutcome;
  /** A stable code for refusals and failures; the breaker's words for what was severed. Absent for a plain end. */
  readonly reason?: string;
  /** Bytes given to the connection. Of one that was reset or severed some may never have left this host. */
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Milliseconds since 1970 when it was asked for. */
  readonly startedMs: number;
  readonly durationMs: number;
}
