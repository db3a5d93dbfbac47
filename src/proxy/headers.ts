/** Headers as Node takes them: one value, or a line for each. */
export type Headers = Record<string, string | string[]>;

/** What is between two neighbours and goes no further (RFC 9110, 7.6.1), and what is for a proxy (11.7). */
const HOP_BY_HOP = [
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["proxy-authorization", "proxy-authenticate"],
];

/** The headers of a message that go on: as they were written, without those between neighbours and `without` (lower case). */
export function endToEnd(rawHeaders: readonly string[], without: readonly string[] = []): Headers {
  const pairs = rawHeaders.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] as string]] : [],
  );
  const named = pairs
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) =>
      value
        .toLowerCase()
        .split(",")
        .map((one) => one.trim()),
    );
  const dropped = new Set([...HOP_BY_HOP, ...without, ...named]);
  const spelling = new Map<string, string>();
  // Without a prototype: a header may have any name.
  const kept: Headers = Object.create(null);
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    if (dropped.has(lower)) continue;
    const first = spelling.get(lower);
    spelling.set(lower, first ?? name);
    if (first === undefined) kept[name] = value;
    else kept[first] = [kept[first] ?? [], value].flat();
  }
  return kept;
}
