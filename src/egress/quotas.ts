import { ZtlError } from "../errors.ts";
import { CONNECTIONS_MAX, DEFAULT_QUOTAS, LIVE_CONNECTIONS_MAX } from "./limits.ts";

/** What one run may use of the network. */
export type Quotas = { readonly [K in keyof typeof DEFAULT_QUOTAS]: number };

const MOST: Quotas = {
  liveConnections: LIVE_CONNECTIONS_MAX,
  connections: CONNECTIONS_MAX,
  bytesOut: Number.MAX_SAFE_INTEGER,
  bytesIn: Number.MAX_SAFE_INTEGER,
};

/** Throws ZtlError `invalid-input`. */
export function resolveQuotas(given: Partial<Quotas> = {}): Quotas {
  for (const [name, value] of Object.entries(given)) {
    const most = Object.hasOwn(MOST, name) ? MOST[name as keyof Quotas] : -1;
    if (!Number.isSafeInteger(value) || value < 0 || value > most)
      throw new ZtlError("invalid-input", `An egress quota ${name} of ${value} is none; up to ${most} is possible`);
  }
  return { ...DEFAULT_QUOTAS, ...given };
}
