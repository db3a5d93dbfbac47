import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EgressGate, FixedNames, type GateOptions } from "../../src/index.ts";

export const HOST = "server.test";

/** A gate to one name, which is this host's loopback, and some of its ports. */
export function gateTo(ports: readonly number[], options: Partial<GateOptions> = {}): EgressGate {
  return new EgressGate({
    grants: [[{ host: HOST, ports: [...ports], addresses: ["127.0.0.1"] }]],
    resolver: new FixedNames({ [HOST]: ["127.0.0.1"] }),
    ...options,
  });
}

export async function serveHttp(answer: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}
