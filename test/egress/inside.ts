import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { EgressGate, FixedNames, type Resolver, Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { ABSTRACT_NAME, CASES, GRANTS, LISTENING, NAMES, PUBLIC } from "./cases.ts";

/**
 * Run in a network namespace of its own, in which it gives itself the addresses that a guest may want to reach, and listens on all
 * of them. Tries the cases one after the other and prints what became of each, as JSON.
 */

const PROBE = `
import errno, socket
def told(work):
  try: return work()
  except socket.gaierror: return 'unknown'
  except OSError as error: return errno.errorcode.get(error.errno, str(error))
def tcp(host, port):
  def work():
    with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET) as s:
      s.settimeout(10); s.connect((host, port)); s.send(b'x'); return 'reached'
  return told(work)
def udp(host, port):
  def work():
    with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
      s.sendto(b'secret', (host, port)); return 'sent'
  return told(work)
def address(host): return socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0]
def name(host): return told(lambda: 'known as ' + address(host))
def named(host, port=8080): return told(lambda: tcp(address(host), port))
def mapped(host): return told(lambda: tcp('::ffff:' + address(host), 8080))
def unix(path):
  def work(): socket.socket(socket.AF_UNIX).connect(path); return 'reached'
  return told(work)
def made(*kind):
  def work(): socket.socket(*kind); return 'made'
  return told(work)
`;

const reached = new Set<string>();
const plain = (address: string | undefined): string => (address ?? "").replace(/^::ffff:(?=[0-9.]+$)/, "");

function takeAddresses(): void {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  for (const address of LISTENING) {
    const bits = address.includes(":") ? 128 : 32;
    execFileSync("ip", ["addr", "add", `${address}/${bits}`, "dev", "lo"]);
  }
}

async function listen(): Promise<void> {
  for (const port of [80, 8080]) {
    const server = createHttpServer((request, response) => {
      const to = /^\/to\?(.*)$/.exec(request.url ?? "")?.[1];
      if (to !== undefined) response.writeHead(302, { location: to });
      response.end("here");
    });
    server.on("connection", (socket) => reached.add(plain(socket.localAddress)));
    server.on("clientError", (_, socket) => socket.destroy());
    server.listen(port, "::");
    await once(server, "listening");
  }
  for (const address of [...LISTENING, "127.0.0.1"])
    for (const port of [53, 8080]) {
      const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
      socket.on("message", () => reached.add(address));
      socket.bind(port, address);
      await once(socket, "listening");
    }
  const byName = createServer(() => reached.add("unix"));
  byName.listen(`\0${ABSTRACT_NAME}`);
  await once(byName, "listening");
}

/** Public at first, and this host from then on. */
function rebinding(): Resolver {
  const fixed = new FixedNames(NAMES);
  let asked = 0;
  return {
    resolve: async (name) => {
      if (name !== "rebinding.test") return fixed.resolve(name);
      return [++asked === 1 ? PUBLIC : "127.0.0.1"];
    },
  };
}

takeAddresses();
await listen();
const sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, prewarm: ["python", "shell"] });
const results = [];
for (const { hasGrant, tool, code } of CASES) {
  reached.clear();
  const gate = hasGrant ? new EgressGate({ grants: [GRANTS], resolver: rebinding() }) : undefined;
  const text = tool === "python" ? `${PROBE}\nprint(${code})` : code;
  const run = await sandbox.run({ tool, code: text }, gate === undefined ? {} : { egress: gate });
  // A datagram that was sent would have arrived by the next turn of the loop; this is many of them.
  await new Promise((resolve) => setTimeout(resolve, 20));
  results.push({
    printed: run.stdoutText + run.stderrText,
    reached: [...reached].sort(),
    records: run.egress,
    attempts: run.diagnostics.egressAttempts,
  });
}
await sandbox.close();
process.stdout.write(JSON.stringify(results), () => process.exit(0));
