import { z } from "zod";
import { ZtlError } from "../errors.ts";
import { Allowed } from "./allowed.ts";
import { Connection, type ConnectionEvents } from "./connection.ts";
import { dial } from "./dial.ts";
import { grantsSchema, type ReadonlyGrant } from "./grant.ts";
import { isHostName } from "./host-name.ts";
import { describeAddress, parseAddress } from "./ip-address.ts";
import { ADDRESSES_TRIED_MAX, PORT_MAX } from "./limits.ts";
import { LookUps } from "./look-ups.ts";
import { type Quotas, resolveQuotas } from "./quotas.ts";
import type { EgressRecord } from "./record.ts";
import { HostResolver, type Resolver } from "./resolver.ts";

export interface GateOptions {
  /** Lists of grants, each of which narrows the others: a connection must be allowed by all of them. */
  readonly grants: readonly (readonly ReadonlyGrant[])[];
  /** Default: this host's own. */
  readonly resolver?: Resolver | undefined;
  readonly quotas?: Partial<Quotas> | undefined;
  /** Told of each connection when it is over, and of each that was refused. */
  readonly onRecord?: ((record: EgressRecord) => void) | undefined;
}

/** A tool's, its role's, its agent's, and some of a program's own. */
const LISTS_MAX = 16;
const listsSchema = z.array(grantsSchema).max(LISTS_MAX);

/** How long a connection whose run has ended may take to send what it was given, and to be closed by the other side. */
const LINGER_MS = 2000;

/** Words of a reason that are kept. */
const REASON_UNITS_MAX = 200;

/**
 * The way out of one run, in the host process. It connects to names that were granted and to nothing else: the address is
 * looked up here, checked, and connected to as it was checked. {@link sever} cuts all of it at once and for good.
 */
export class EgressGate {
  readonly allowed: Allowed;
  readonly quotas: Quotas;
  readonly #lookUps: LookUps;
  readonly #onRecord: ((record: EgressRecord) => void) | undefined;
  readonly #live = new Set<Connection>();
  readonly #records: EgressRecord[] = [];
  #asked = 0;
  #bytesOut = 0;
  #bytesIn = 0;
  #severed: string | undefined;
  #isTaken = false;
  #isClosed = false;
  #settled: (() => void) | undefined;

  /** Throws ZtlError `invalid-input`. */
  constructor({ grants, resolver = new HostResolver(), quotas, onRecord }: GateOptions) {
    const parsed = listsSchema.safeParse(grants);
    if (!parsed.success) throw new ZtlError("invalid-input", `Invalid grants: ${z.prettifyError(parsed.error)}`);
    this.allowed = new Allowed(parsed.data);
    this.quotas = resolveQuotas(quotas);
    this.#lookUps = new LookUps(resolver);
    this.#onRecord = onRecord;
  }

  /** False when a run has it already: what one run sends is never another's. */
  beginRun(): boolean {
    const isFree = !this.#isTaken;
    this.#isTaken = true;
    return isFree;
  }

  /** Why it was severed; undefined as long as it is not. */
  get severed(): string | undefined {
    return this.#severed;
  }

  /** Connections that are there, or being made. */
  get liveConnections(): number {
    return this.#live.size;
  }

  /** Bytes of all connections so far. */
  get bytes(): { readonly out: number; readonly in: number } {
    return { out: this.#bytesOut, in: this.#bytesIn };
  }

  /** What was asked for so far and is over, in the order it ended. */
  get records(): readonly EgressRecord[] {
    return this.#records;
  }

  /**
   * Asks for a connection. Whether it is made is told by `events`, later.
   * @param host a name in its one form: throws ZtlError `cell-misbehaved` for another, for a port that is none, and beyond the
   * quota of connections, since a guest's own side asks for none of these
   */
  open(host: string, port: number, events: ConnectionEvents): Connection {
    if (!isHostName(host)) throw misbehaved("asked for a host that has no name");
    if (!Number.isSafeInteger(port) || port < 1 || port > PORT_MAX) throw misbehaved("asked for a port that is none");
    if (++this.#asked > this.quotas.connections) throw misbehaved("asked for more connections than it may");
    const connection = new Connection({ number: this.#asked, host, port }, this.#owner, events);
    this.#live.add(connection);
    setImmediate(() => void this.#establish(connection));
    return connection;
  }

  /** Cuts every connection now, by RST, and refuses all later ones. The first reason is kept. */
  sever(reason: string): void {
    this.#severed ??= reason.slice(0, REASON_UNITS_MAX);
    for (const connection of [...this.#live]) connection.sever(this.#severed);
  }

  /**
   * The run is over: what was given is still sent, for a moment. Resolves when no connection is left.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of [...this.#live]) connection.close();
    if (this.#live.size === 0) return;
    const settled = new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
    const timer = setTimeout(() => {
      for (const connection of [...this.#live]) connection.reset("unfinished-at-end");
    }, LINGER_MS);
    await settled;
    clearTimeout(timer);
  }

  async #establish(connection: Connection): Promise<void> {
    try {
      const refusal = this.#refusalBefore(connection);
      if (refusal !== undefined) return connection.refuse(refusal);
      const { host, port } = connection.target;
      const addresses = await this.#lookUps.addressesOf(host, connection.signal);
      if (connection.isOver) return;
      if (addresses === undefined) return connection.fail("unreachable");
      connection.found(addresses);
      const { usable, refused } = this.#check(connection, addresses);
      if (usable.length === 0) return connection.refuse(refused ?? "no-such-name");
      const dialled = await dial(usable, port, connection.signal);
      if ("failure" in dialled) return connection.fail(dialled.failure);
      connection.open(dialled.socket, dialled.address);
    } catch {
      connection.fail("unreachable");
    }
  }

  #refusalBefore({ target: { host, port } }: Connection): string | undefined {
    if (this.#severed !== undefined) return "severed";
    if (this.#isClosed) return "run-over";
    if (!this.allowed.allowsHost(host)) return "host-not-granted";
    if (!this.allowed.allowsPort(host, port)) return "port-not-granted";
    return this.#live.size > this.quotas.liveConnections ? "quota-live-connections" : undefined;
  }

  /** Each address by itself: a name may lead to one that is meant and to one that is not. */
  #check({ target: { host, port } }: Connection, addresses: readonly string[]) {
    const usable: string[] = [];
    let refused: string | undefined;
    for (const text of addresses) {
      const address = parseAddress(text);
      const why = address === undefined ? "not-an-address" : this.allowed.refusesAddress(host, port, address);
      if (address !== undefined && why === undefined) usable.push(describeAddress(address));
      else refused ??= `address-${why}`;
    }
    return { usable: usable.slice(0, ADDRESSES_TRIED_MAX), refused };
  }

  readonly #owner = {
    countOut: (bytes: number): boolean => {
      this.#bytesOut += bytes;
      return this.#bytesOut <= this.quotas.bytesOut;
    },
    countIn: (bytes: number): boolean => {
      this.#bytesIn += bytes;
      return this.#bytesIn <= this.quotas.bytesIn;
    },
    over: (connection: Connection, record: EgressRecord): void => {
      this.#live.delete(connection);
      this.#records.push(record);
      // Later: whatever its owner does then, cutting the others does not wait for it.
      queueMicrotask(() => this.#onRecord?.(record));
      if (this.#live.size === 0) this.#settled?.();
    },
  };
}

function misbehaved(what: string): ZtlError {
  return new ZtlError("cell-misbehaved", `A cell ${what}`);
}
