import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Connection, ConnectionEvents, ConnectionFailure } from "./connection.ts";
import { EgressGate, type GateOptions } from "./gate.ts";
import { FixedNames } from "./resolver.ts";

/** A server on loopback that does with each connection what it is told, and ends with its test. */
export async function serve(
  t: TestContext,
  take: (socket: Socket) => void,
  options: { readonly host?: string; readonly allowHalfOpen?: boolean } = {},
): Promise<{ readonly server: Server; readonly port: number; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: options.allowHalfOpen ?? false }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    take(socket);
  });
  server.listen(0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

/** A gate to one name on loopback. */
export function gateTo(port: number, options: Partial<GateOptions> = {}): EgressGate {
  return new EgressGate({
    grants: [[{ host: "server.test", ports: [port], addresses: ["127.0.0.1"] }]],
    resolver: new FixedNames({ "server.test": ["127.0.0.1"] }),
    ...options,
  });
}

/** What one connection told, in order. */
export class Heard implements ConnectionEvents {
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  sentBytes = 0;
  failure: ConnectionFailure | undefined;
  readonly #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  opened(): void {
    this.#note("opened");
  }

  failed(why: ConnectionFailure): void {
    this.failure = why;
    this.#note(`failed: ${why}`);
  }

  data(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.#note("data");
  }

  ended(): void {
    this.#note("ended");
  }

  sent(count: number): void {
    this.sentBytes += count;
    this.#look();
  }

  reset(): void {
    this.#note("reset");
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  /** Resolves once this holds, which is asked at each event. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }

  heard(event: string): Promise<void> {
    return this.until(() => this.events.includes(event));
  }

  #note(event: string): void {
    this.events.push(event);
    this.#look();
  }

  #look(): void {
    for (const { done, resolve } of this.#waiting) if (done()) resolve();
  }
}

/** Opens a connection to the gate's one name and waits until it is there or is not. */
export async function openTo(
  gate: EgressGate,
  port: number,
  { host = "server.test", window = 1 << 20 }: { readonly host?: string; readonly window?: number } = {},
): Promise<{ readonly connection: Connection; readonly heard: Heard }> {
  const heard = new Heard();
  const connection = gate.open(host, port, heard);
  connection.grant(window);
  await heard.until(() => heard.events.length > 0);
  return { connection, heard };
}
