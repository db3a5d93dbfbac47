import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";

/** Programs that talk to each other within one call. */
const CASES: readonly {
  readonly name: string;
  readonly needs: readonly string[];
  readonly code: string;
  readonly says: string;
}[] = [
  {
    name: "Python's http.server and curl",
    needs: ["python3", "curl"],
    code: `cd /tmp; echo served > page; python3 -m http.server 8123 --bind 127.0.0.1 >log 2>&1 &
for i in $(seq 50); do curl -fsS http://localhost:8123/page 2>/dev/null && break; sleep 0.1; done
curl -sS http://127.0.0.1:8124/ 2>&1 | grep -o "Connection refused\\|Couldn't connect to server" | head -1 | wc -l`,
    says: "served\n1\n",
  },
  {
    name: "urllib and a threading server",
    needs: ["python3"],
    code: `python3 - <<'E'
import http.server, threading, urllib.request
class H(http.server.BaseHTTPRequestHandler):
  def do_POST(self):
    body = self.rfile.read(int(self.headers['Content-Length'])); self.send_response(200); self.end_headers(); self.wfile.write(body[::-1])
  def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(('localhost', 0), H)
threading.Thread(target=s.serve_forever, daemon=True).start()
for i in range(20): body = urllib.request.urlopen(f'http://localhost:{s.server_port}', data=b'x' * 100_000 + b'y').read()
print(body[:3], len(body))
E`,
    says: "b'yxx' 100001\n",
  },
  {
    name: "asyncio, over IPv4, IPv6 and a Unix socket",
    needs: ["python3"],
    code: `python3 - <<'E'
import asyncio
async def handle(r, w):
  w.write((await r.read()).upper()); await w.drain(); w.close()
async def ask(r, w):
  w.write(b'hello'); w.write_eof(); print((await r.read()).decode())
async def main():
  for host in ('127.0.0.1', '::1'):
    s = await asyncio.start_server(handle, host, 0); await ask(*await asyncio.open_connection(host, s.sockets[0].getsockname()[1])); s.close()
  s = await asyncio.start_unix_server(handle, '/tmp/s'); await asyncio.gather(*[ask(*await asyncio.open_unix_connection('/tmp/s')) for i in range(3)])
  loop = asyncio.get_running_loop(); got = loop.create_future()
  class P(asyncio.DatagramProtocol):
    def datagram_received(self, data, address): got.set_result(data)
  t, _ = await loop.create_datagram_endpoint(P, ('127.0.0.1', 0)); u, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=t.get_extra_info('sockname'))
  u.sendto(b'datagram'); print((await got).decode())
asyncio.run(main())
E`,
    says: "HELLO\nHELLO\nHELLO\nHELLO\nHELLO\ndatagram\n",
  },
  {
    name: "multiprocessing's managers, pipes and listeners",
    needs: ["python3"],
    code: `cat > /tmp/m.py <<'E'
import multiprocessing, multiprocessing.connection
def work(d, l, c): d['k'] = 1; l.append(2); c.send([3])
if __name__ == '__main__':
  with multiprocessing.Manager() as m:
    d, l = m.dict(), m.list(); a, b = multiprocessing.Pipe()
    p = multiprocessing.Process(target=work, args=(d, l, b)); p.start(); p.join(); print(dict(d), list(l), a.recv())
  with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))
E
python3 /tmp/m.py`,
    says: "{'k': 1} [2] [3]\n[1, 2]\n",
  },
  {
    name: "Node's http server and fetch",
    needs: ["node"],
    code: `node -e 'require("http").createServer((q, a) => { let n = 0; q.on("data", (d) => { n += d.length; }); q.on("end", () => a.end("got " + n)); }).listen(0, "127.0.0.1", async function () {
  const { port } = this.address(); const answer = await fetch("http://localhost:" + port, { method: "POST", body: "x".repeat(300000) }); console.log(answer.status, await answer.text()); process.exit(0); });'`,
    says: "200 got 300000\n",
  },
  {
    name: "Node's messages between processes",
    needs: ["node"],
    code: `echo 'if (process.send) process.on("message", (m) => { process.send({ twice: m.n * 2 }); process.disconnect(); });
else { const c = require("child_process").fork(__filename); c.on("message", (m) => console.log(m)); c.send({ n: 21 }); }' > /tmp/f.js; node /tmp/f.js`,
    says: "{ twice: 42 }\n",
  },
  {
    name: "perl's sockets",
    needs: ["perl"],
    code: `perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die; if (!fork) { $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport) or die; print $c "from perl\\n"; exit } print $l->accept->getline; wait'`,
    says: "from perl\n",
  },
  {
    name: "socat",
    needs: ["socat"],
    code: `socat TCP-LISTEN:8125,bind=127.0.0.1,fork,reuseaddr EXEC:'tr a-z A-Z' & socat UNIX-LISTEN:/tmp/u,fork TCP:127.0.0.1:8125 & sleep 1; echo through | socat -t 5 - UNIX-CONNECT:/tmp/u; kill %1 %2`,
    says: "THROUGH\n",
  },
  {
    name: "redis",
    needs: ["redis-server", "redis-cli"],
    code: `cd /tmp; redis-server --port 6399 --unixsocket /tmp/r --save '' --daemonize yes >/dev/null; for i in $(seq 50); do redis-cli -p 6399 ping >/dev/null 2>&1 && break; sleep 0.1; done
redis-cli -p 6399 set key value; redis-cli -s /tmp/r get key; redis-cli -p 6399 shutdown nosave`,
    says: "OK\nvalue\n",
  },
  {
    name: "PHP's own server",
    needs: ["php", "curl"],
    code: `cd /tmp; echo '<?php echo 6 * 7;' > i.php; php -S 127.0.0.1:8126 >/dev/null 2>&1 & for i in $(seq 50); do curl -fsS http://127.0.0.1:8126/i.php 2>/dev/null && break; sleep 0.1; done; kill %1`,
    says: "42",
  },
];

describe("programs of one call talk to each other", { skip: kvmMissing() }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE });
  });
  after(() => sandbox.close());

  for (const { name, needs, code, says } of CASES)
    test(name, { skip: programMissing(...needs) }, async () => {
      const result = await sandbox.run({ tool: "shell", code });
      assert.deepEqual([result.stdoutText, result.status], [says, "ok"], result.stderrText);
    });
});
