/** What other rooms may use of the egress gate: grants, the gate of a run, and what became of its connections. */

export type { Connection, ConnectionEvents, ConnectionFailure } from "./connection.ts";
export { EgressGate, type GateOptions } from "./gate.ts";
export { describeGrant, type EgressGrant, grantsSchema, type ReadonlyGrant } from "./grant.ts";
export { type HostName, isHostName, parseHostName } from "./host-name.ts";
export type { Quotas } from "./quotas.ts";
export type { EgressOutcome, EgressRecord } from "./record.ts";
export { FixedNames, HostResolver, type Resolver } from "./resolver.ts";
