import type { Connection, ConnectionEvents, ConnectionFailure, EgressGate } from "../egress/index.ts";
import {
  OUTWARD_MESSAGE_BYTES_MAX,
  OUTWARD_WINDOW_BYTES,
  type OutwardError,
  type OutwardEvent,
} from "../linux/net/out/link.ts";
import type { EgressEvent, RunEgress } from "./cell/protocol.ts";
import { type Fields, fieldsOf, misbehaved, oneOf, textOf, wholeOf } from "./cell/reply/fields.ts";
import type { Aside } from "./reply-reader.ts";

/** An operation, a number, a name and a port. */
const HEADER_BYTES_MAX = 1024;
const NAME_UNITS_MAX = 253;
const PORT_MAX = 65_535;

/** By what the personality may say; members of each. */
const MEMBERS = {
  open: new Set(["type", "op", "id", "host", "port"]),
  data: new Set(["type", "op", "id"]),
  end: new Set(["type", "op", "id"]),
  close: new Set(["type", "op", "id"]),
  reset: new Set(["type", "op", "id"]),
  read: new Set(["type", "op", "id", "bytes"]),
} as const;
type Operation = keyof typeof MEMBERS;
const OPERATIONS = new Set(Object.keys(MEMBERS) as Operation[]);

/** What a program is told as an errno. */
const ERRORS: Readonly<Record<ConnectionFailure, OutwardError>> = {
  refused: "EHOSTUNREACH",
  unreachable: "EHOSTUNREACH",
  severed: "ENETUNREACH",
  "connection-refused": "ECONNREFUSED",
  "timed-out": "ETIMEDOUT",
};

/** Says something to the cell while its run goes on. */
export type Tell = (message: EgressEvent, parts?: readonly Uint8Array[]) => void;

/**
 * Between the connections that a cell speaks of and those of the gate. What the cell says is held against what it may say at that
 * moment: a number that is new, bytes that there is room for, an end that was not told before.
 */
export class EgressRelay {
  readonly #gate: EgressGate;
  readonly #tell: Tell;
  /** By number, from 1 on without gaps; one that both are done with stays, for it is not used again. */
  readonly #ends: RelayedEnd[] = [];

  constructor(gate: EgressGate, tell: Tell) {
    this.#gate = gate;
    this.#tell = tell;
  }

  /** What the cell has to know. */
  get order(): RunEgress {
    const { allowed, quotas } = this.#gate;
    return { hosts: allowed.hostPatterns, connectionsMax: quotas.connections };
  }

  get aside(): Aside {
    const take = (header: Fields, body: Uint8Array): void => this.#take(header, body);
    return { type: "egress", headerBytes: HEADER_BYTES_MAX, bodyBytes: OUTWARD_MESSAGE_BYTES_MAX, take };
  }

  /** Throws ZtlError `cell-misbehaved`. */
  #take(header: Fields, body: Uint8Array): void {
    const op = oneOf(header.op, OPERATIONS, "what is said of a connection");
    const fields = fieldsOf(header, MEMBERS[op], "what is said of a connection");
    if (op !== "data" && body.length > 0) misbehaved("bytes that belong to no connection");
    const id = wholeOf(fields.id, this.#ends.length + 1, "the number of a connection");
    if (op === "open") this.#open(id, fields);
    else this.#use(this.#ends[id - 1] ?? misbehaved("a connection that was not asked for"), op, fields, body);
  }

  #use(end: RelayedEnd, op: Exclude<Operation, "open">, { bytes }: Fields, body: Uint8Array): void {
    switch (op) {
      case "data":
        end.data(body);
        break;
      case "end":
        end.end();
        break;
      case "close":
        end.close();
        break;
      case "reset":
        end.reset();
        break;
      case "read":
        end.read(wholeOf(bytes, OUTWARD_WINDOW_BYTES, "how much was read"));
    }
  }

  #open(id: number, { host, port }: Fields): void {
    if (id !== this.#ends.length + 1) misbehaved("a connection was asked for twice");
    const end = new RelayedEnd((event, bytes) => {
      this.#tell({ type: "egress", id, ...event } as EgressEvent, bytes === undefined ? [] : [bytes]);
    });
    this.#ends.push(end);
    const name = textOf(host, NAME_UNITS_MAX, "a host's name");
    end.connect(this.#gate, name, wholeOf(port, PORT_MAX, "a port"));
  }
}

type Untold<T> = T extends unknown ? Omit<T, "id"> : never;

/** One connection, and what the cell may still say of it. */
class RelayedEnd {
  readonly #events: ConnectionEvents;
  #connection: Connection | undefined;
  #isOpen = false;
  /** The cell has said its last word. */
  #isSilent = false;
  #endSaid = false;
  /** Bytes that it may send, and that it may say it has read. */
  #room = OUTWARD_WINDOW_BYTES;
  #unread = 0;

  constructor(tell: (event: Untold<OutwardEvent>, bytes?: Uint8Array) => void) {
    this.#events = {
      opened: () => {
        this.#isOpen = true;
        tell({ op: "opened" });
      },
      failed: (why) => tell({ op: "failed", error: ERRORS[why] }),
      data: (bytes) => {
        this.#unread += bytes.length;
        for (let at = 0; at < bytes.length; at += OUTWARD_MESSAGE_BYTES_MAX)
          tell({ op: "data" }, bytes.subarray(at, at + OUTWARD_MESSAGE_BYTES_MAX));
      },
      ended: () => tell({ op: "end" }),
      sent: (bytes) => {
        this.#room += bytes;
        tell({ op: "sent", bytes });
      },
      reset: () => tell({ op: "reset" }),
    };
  }

  connect(gate: EgressGate, host: string, port: number): void {
    this.#connection = gate.open(host, port, this.#events);
    this.#connection.grant(OUTWARD_WINDOW_BYTES);
  }

  data(bytes: Uint8Array): void {
    this.#mustSpeak();
    if (!this.#isOpen || this.#endSaid) misbehaved("bytes for a connection that takes none");
    if (bytes.length === 0 || bytes.length > this.#room) misbehaved("more bytes than there is room for, or none");
    this.#room -= bytes.length;
    // The frame's own memory is used for the next one.
    this.#connection?.send(Uint8Array.from(bytes));
  }

  end(): void {
    this.#mustSpeak();
    if (!this.#isOpen || this.#endSaid) misbehaved("the end of a connection that has none");
    this.#endSaid = true;
    this.#connection?.end();
  }

  close(): void {
    this.#mustSpeak();
    if (!this.#isOpen) misbehaved("a connection is closed that was not there");
    this.#isSilent = true;
    this.#connection?.close();
  }

  reset(): void {
    this.#mustSpeak();
    this.#isSilent = true;
    this.#connection?.reset();
  }

  read(bytes: number): void {
    this.#mustSpeak();
    if (bytes === 0 || bytes > this.#unread) misbehaved("more was read than was sent, or nothing");
    this.#unread -= bytes;
    this.#connection?.grant(bytes);
  }

  #mustSpeak(): void {
    if (this.#isSilent) misbehaved("a connection goes on after its end");
  }
}
