import { listenOnLoopback } from "./loopback-server.ts";

/** The attacker's server, played on this machine, so that it can be counted whether anything reaches it. */
export interface Attacker {
  /** What the planted command downloads. */
  readonly url: string;
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

export async function startAttacker(): Promise<Attacker> {
  let requests = 0;
  const { origin, close } = await listenOnLoopback((_, response) => {
    requests++;
    response.end("echo this came over the network\n");
  });
  return { url: `${origin}/x`, requests: () => requests, close };
}
