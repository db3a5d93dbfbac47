import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { rows } from "../../bench/typical/made-up.ts";
import { NO_SECRETS_IN_PLACES, SECRETS_IN_PLACES } from "../../bench/typical/secret-places.ts";
import { SECRETS } from "../../bench/typical/secrets.ts";
import { maskSecrets } from "./mask.ts";
import { hasValidChecksum } from "./matching/checksums.ts";
import { scan } from "./scanner.ts";
import { costRatioTo, SECRET_TRIGGERS } from "./testing/cost.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

test("more than forty kinds of secrets are masked, and what stands around them is kept", () => {
  assert.ok(Object.keys(SECRETS).length >= 70);
  for (const [name, make] of Object.entries(SECRETS)) {
    const secret = make();
    const { bytes, secrets } = maskSecrets(`before\n${secret}\nafter`);
    assert.ok(secrets.length > 0, `${name}: ${secret}`);
    assert.match(text(bytes), /^before\n[\s\S]*\(masked: [a-z-]+\)[\s\S]*\nafter$/, name);
    assert.equal(scan(bytes).findings.filter(({ family }) => family === "secret").length, 0, text(bytes));
  }
});

test("secrets that only what stands around them gives away are masked, and it is kept", () => {
  for (const [name, [write, make]] of Object.entries(SECRETS_IN_PLACES)) {
    const secret = make();
    const { bytes, secrets } = maskSecrets(`before\n${write(secret)}\nafter`);
    assert.ok(secrets.length > 0, `${name}: ${write(secret)}`);
    assert.ok(!text(bytes).includes(secret), `${name}: ${text(bytes)}`);
    assert.match(text(bytes), /^before\n[\s\S]*\(masked: [a-z-]+\)[\s\S]*\nafter$/, name);
    assert.equal(scan(bytes).findings.filter(({ family }) => family === "secret").length, 0, text(bytes));
  }
});

test("what looks like such a place holds no secret without one", () => {
  for (const content of NO_SECRETS_IN_PLACES) assert.deepEqual(maskSecrets(content).secrets, [], content);
});

test("a secret is one in a path or an address too, and no line of base64 is", () => {
  for (const name of ["GitHub personal token", "AWS access key", "OpenAI key", "npm token"]) {
    const key = (SECRETS[name] as () => string)();
    for (const before of ["/tmp/", "https://api.host/v1/", "see:/srv/app/keys/", "a+"])
      assert.doesNotMatch(text(maskSecrets(`${before}${key}/x`).bytes), new RegExp(key), `${name} after ${before}`);
  }
  const base64 = `${"Zm9vL2Jhcg".repeat(4)}/AKIA2E0A8F3B244C9986/${"Zm9vL2Jhcg".repeat(2)}`;
  assert.equal(maskSecrets(base64).secrets.length, 0);
});

test("a secret withholds nothing, and a text without one is given back as it is", () => {
  const token = (SECRETS["GitHub personal token"] as () => string)();
  assert.equal(scan(`token ${token}`).decision, "admit");
  const clean = Buffer.from("The token of the day is a word.");
  assert.equal(maskSecrets(clean).bytes, clean);
});

test("encoded secrets are masked as a whole", () => {
  const token = (SECRETS["GitHub personal token"] as () => string)();
  const ways = [
    [Buffer.from(`TOKEN: ${token}\n`).toString("base64"), "(masked: github-token)"],
    [Buffer.from(`TOKEN: ${token}\n`).toString("hex"), "(masked: github-token)"],
    [JSON.stringify({ a: `x\n${token}\n` }), '{"a":"x\\n(masked: github-token)\\n"}'],
    [encodeURIComponent(`t=${token}`), "t%3D(masked: github-token)"],
  ] as const;
  for (const [written, masked] of ways)
    assert.equal(text(maskSecrets(`data: ${written} end`).bytes), `data: ${masked} end`);
});

test("hundreds of secrets in one text are all masked", () => {
  const tokens = rows(3000, () => (SECRETS["GitLab token"] as () => string)());
  const shown = text(maskSecrets(tokens.join("\n")).bytes);
  assert.equal(shown.match(/masked/g)?.length, tokens.length);
  assert.ok(tokens.every((token) => !shown.includes(token)));
});

/** The processor's time of the quickest of three times. */
function leastMs(act: () => void): number {
  const times = [1, 2, 3].map(() => {
    const start = process.threadCpuUsage();
    act();
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

test("a key behind more decoys than are masked at once is not shown, and that takes a few scans", () => {
  const key = (SECRETS["GitHub personal token"] as () => string)();
  const encoded = Buffer.from(`TOKEN: ${key}\n`).toString("base64");
  const decoys = (count: number): string => rows(count, (index) => `glpat-${lettersOf(index)}\n`).join("");
  for (const [count, whole] of [
    [20_000, false],
    [70_000, true],
  ] as const) {
    const { bytes, secrets, isWhole } = maskSecrets(`${encoded}\n${decoys(count)}${key}\n${encoded}`);
    const shown = text(bytes);
    assert.doesNotMatch(shown, /ghp_|glpat-/);
    for (let at = 0; at < encoded.length; at += 16) assert.ok(!shown.includes(encoded.slice(at, at + 16)), shown);
    assert.equal(isWhole, whole);
    assert.ok(secrets.length > 1000);
  }
  const content = Buffer.from(decoys(70_000));
  const once = leastMs(() => scan(content, { limits: { findings: 16_384 } }));
  assert.ok(leastMs(() => maskSecrets(content)) < once * 12);
});

function lettersOf(index: number): string {
  return createHash("sha1")
    .update(`${index}`)
    .digest("hex")
    .replace(/[0-9]/g, (digit) => "ghijklmnop".charAt(+digit))
    .slice(0, 20);
}

test("a text that cannot be looked through to its end is masked as a whole", () => {
  const key = (SECRETS["GitHub personal token"] as () => string)();
  const encoded = Buffer.from(`TOKEN: ${key}\n`).toString("base64");
  const tooManyCandidates = `${"sk-".repeat(200_000)}\n${key}\n${encoded}`;
  const tooLong = Buffer.concat([Buffer.alloc(64 * 1024 * 1024, "a line\n"), Buffer.from(key)]);
  for (const content of [tooManyCandidates, tooLong]) {
    const { bytes, isWhole } = maskSecrets(content);
    assert.equal(isWhole, true);
    assert.equal(text(bytes), `(masked: all of it, ${Buffer.byteLength(content)} bytes)`);
  }
});

test("a text that is only encoded too deeply, or nested, is masked where secrets are found in it", () => {
  let deep = "harmless words that are only encoded very often";
  for (let level = 0; level < 6; level++)
    deep =
      level % 2 === 0
        ? [...deep].map((character) => `&#${character.charCodeAt(0)};`).join("")
        : deep.replace(/[&#;]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  const key = (SECRETS["GitHub personal token"] as () => string)();
  assert.equal(text(maskSecrets(`${deep}\n${key}`).bytes), `${deep}\n(masked: github-token)`);
  assert.equal(scan(deep).decision, "flag", "a person sees it first all the same");
});

test("hashes, UUIDs, placeholders and names of variables are no secrets", () => {
  const hashes = rows(4000, (index) => {
    const of = (algorithm: string): string => createHash(algorithm).update(`${index}`).digest("hex");
    const sri = createHash("sha512").update(`${index}`).digest("base64");
    return `${of("md5")} ${of("sha1")}  file\nsha256:${of("sha256")} sha512-${sri}\n{"id":"${randomUUID()}","etag":"${of("md5")}"}`;
  });
  const others = [
    "PASSWORD=\nTOKEN=${TOKEN}\nAPI_KEY=your-api-key-here\nSECRET=<secret>\nMAX_TOKENS=4096\nPRIMARY_KEY=id",
    "const token = nextToken(text);\nlet password: string;\nsecret = process.env.SECRET\n  token: response.token",
    'const apiKey = "YOUR_API_KEY";\n{"type":"password","name":"password"}\nghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    "https://user@example.org/ http://example.org:8080/a@b git@github.com:a/b.git -----BEGIN PUBLIC KEY-----",
  ];
  for (const content of [hashes.join("\n"), ...others])
    assert.deepEqual(maskSecrets(content).secrets, [], content.slice(0, 200));
});

test("a token whose checksum is right is one even without variety", () => {
  const body = "a".repeat(30);
  let [value, sum] = [crc32(body), ""];
  for (; value > 0; value = Math.floor(value / 62))
    sum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".charAt(value % 62) + sum;
  const token = Buffer.from(`ghp_${body}${sum.padStart(6, "0")}`);
  assert.ok(hasValidChecksum(token, 0, token.length));
  assert.equal(maskSecrets(token).secrets.length, 1);
});

test("what secrets begin with, in a row, costs no more than a small multiple of clean text", () => {
  const bytes = 256 * 1024;
  const filled = (text: string): Uint8Array => Buffer.alloc(bytes, text);
  // The most of any is some 10.
  const ratioMax = 40;
  const limits = { findings: 16 };
  const ratioOf = costRatioTo(filled("an ordinary line of words\n"), ratioMax, { limits });
  const rows = new Set(SECRET_TRIGGERS.map(({ text }) => text));
  const others = ["machine a login b ", "cookie: a=b; ", `"kty" "d":"${"aB3dEfGhIjKlMnOp".repeat(3)}",`, "$1$aB3"];
  const slow = [...rows, ...others].filter((text) => ratioOf(filled(text)) > ratioMax);
  assert.deepEqual(slow, []);
});

test("a random value in a settings file or an address is masked however few digits it has", () => {
  const values = ["RSmUSVCrglYwN5xjpHfJyCaNBeKGWXIpzeaStAkq", "QeTuOpAdGjKlZcBmQwErTyUi4pLkJhGfDsAzXcVb"];
  for (const value of values)
    for (const place of [`aws_secret_access_key = ${value}`, `https://host/x?access_token=${value}&a=1`])
      assert.ok(!text(maskSecrets(place).bytes).includes(value), place);
});
