import { defined } from "../../base/optional.ts";
import { EgressGate, type EgressRecord, FixedNames, HostResolver } from "../../egress/index.ts";
import { CONNECTIONS_INLINE_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { Call } from "./call.ts";
import type { Severable } from "./severance.ts";

/**
 * The way out of one run, if its tool has one for this agent, as far as the handle that calls it has the right to it. What ends the
 * call, a breaker or whoever asked, cuts it at once: before anybody is told, and before the micro-VM ends.
 */
export function wayOutOf({ policy }: LoopParts, call: Call, severance: Severable): EgressGate | undefined {
  const grants = policy.egressFor(call.scope.agent, call.tool);
  if (grants === undefined) return undefined;
  const { names = {}, quotas = {} } = policy.config.egress ?? {};
  const narrowed = [...grants, ...call.caller.narrowing.egress];
  const gate = new EgressGate({
    grants: narrowed,
    resolver: new FixedNames(names, new HostResolver()),
    quotas: defined(quotas),
  });
  const cut = (): void => gate.sever(severance.severedBecause ?? "The call was cancelled");
  if (severance.signal.aborted) cut();
  else severance.signal.addEventListener("abort", cut, { once: true });
  return gate;
}

/** What became of it, for the ledger. */
export async function recordWayOut({ recorder }: Call, { records, bytes, severed }: EgressGate): Promise<void> {
  const connections = [...records].sort((a, b) => a.number - b.number).map(connectionOf);
  const list =
    connections.length <= CONNECTIONS_INLINE_MAX
      ? { connections }
      : { list: await recorder.keep(Buffer.from(JSON.stringify(connections), "utf8")) };
  recorder.record({
    kind: "egress",
    body: {
      count: connections.length,
      ...list,
      ...{ bytesOut: bytes.out, bytesIn: bytes.in },
      ...(severed !== undefined && { severed: severed.toWellFormed() }),
    },
  });
}

function connectionOf({ number: _, startedMs, addresses, reason, ...others }: EgressRecord) {
  return {
    ...others,
    addresses: [...addresses],
    ...(reason !== undefined && { reason: reason.toWellFormed() }),
    startedAt: new Date(startedMs).toISOString(),
  };
}
