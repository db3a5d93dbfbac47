import { ZtlError } from "../errors.ts";

/** Where a server may listen: this machine alone. */
export const LOOPBACK_HOSTS = ["127.0.0.1", "::1"] as const;
export type LoopbackHost = (typeof LOOPBACK_HOSTS)[number];

/** Throws ZtlError `not-loopback`. */
export function expectLoopback(host: string): LoopbackHost {
  const found = LOOPBACK_HOSTS.find((one) => one === host);
  if (found !== undefined) return found;
  throw new ZtlError("not-loopback", `Expected 127.0.0.1 or ::1 to listen on; found ${JSON.stringify(host)}`, {
    remedy: "To reach it from another machine, forward the port: ssh -L 4711:127.0.0.1:4711 host",
  });
}

/** The origins under which a browser on this machine reaches the server, the first for its own links. */
export function originsOf(host: LoopbackHost, port: number): readonly string[] {
  const literal = host === "::1" ? "[::1]" : host;
  // As URLs, because port 80 is left out of both `Host` and `Origin`.
  return [literal, "localhost"].map((name) => new URL(`http://${name}:${port}`).origin);
}
