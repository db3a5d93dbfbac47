// Checks a case that `ztl export` wrote: a part of a signed ledger, with proofs. Needs Node and nothing else; reads one file, writes
// none, and uses no network. A case has this program as its beginning and its data behind it, so it checks itself:
//
//   node case.mjs [--key ed25519:…]               check it; the key is whose signature must be on it
//   node case.mjs --entry INDEX | --content SHA   check it, and print one entry as JSON, or the bytes of one content into a file or pipe
//   node verify-case.mjs case.mjs [--key …]       the same with a copy of this program that you trust
//
// It shows: each entry is, to the byte, in the ledger for which the head was signed with that key, at its place; each content is what
// its entry names. It does not show that no other entry of that ledger belongs to the case: ask for the whole ledger then.
// Exit status: 0 all of it holds; 1 something does not.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Stands on a line of its own before the data, which has no line breaks: the last one counts. */
const MARK = "\n/* ztl-case-v1\n";
const HEAD =
  /^(ztl-ledger-head-v1 ledger=([0-9a-f]{32}) head=\d{1,16} size=(\d{1,16}) time=\S{24} root=([0-9a-f]{64}) last=[0-9a-f]{64} key=[0-9a-f]{16}) sig=([A-Za-z0-9_-]{86})$/;

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
/** RFC 6962, section 2.1: leaves and inner nodes are told apart by their first byte. */
const leafHash = (bytes) => sha256(Buffer.of(0), bytes);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** RFC 9162, section 2.1.3.2. */
function isIncluded(leaf, index, size, path, root) {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let place = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(sibling, hash);
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2);
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, sibling);
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hash.equals(root);
}

/** `ed25519:` and the 32 bytes of the key (RFC 8032) in base64url. */
function publicKeyOf(text) {
  const x = /^ed25519:([A-Za-z0-9_-]{43})$/.exec(text)?.[1];
  if (x === undefined) throw new Error(`this is no public key: ${text}`);
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function readHead(line, key) {
  const [, text, ledger, size, root, signature] = HEAD.exec(line) ?? [];
  if (text === undefined) throw new Error("the head is no signed head of a ledger");
  if (!verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url")))
    throw new Error("the head is not signed with this key");
  return { ledger, size: Number(size), root: Buffer.from(root, "hex") };
}

/** Where entries name contents. What an agent wrote as JSON stands deeper; it may look like such a name, and is none. */
function contentsNamedBy({ body }) {
  const { inputContent, stdout, stderr, replayContent, content, list, contents = [] } = body;
  return [inputContent, stdout, stderr, replayContent, content, list, ...contents].filter(Boolean);
}

/** What was signed has a hash of the body, which stands beside it behind a line of random text; an erased entry has none any more. */
function openEntry({ bodySha256, kind, ...frame }, sealed, problems) {
  if (sealed === undefined) return { ...frame, kind: "erased", body: { kind, bodySha256 } };
  if (sha256(Buffer.from(sealed, "utf8")).toString("hex") !== bodySha256)
    problems.push(`entry ${frame.index}: its body is not the one that was signed`);
  return { ...frame, kind, body: JSON.parse(sealed.slice(sealed.indexOf("\n") + 1)) };
}

function check(data, givenKey) {
  const head = readHead(data.head, publicKeyOf(givenKey ?? data.publicKey));
  const problems = [];
  const contents = new Map();
  let omitted = 0;
  const entries = data.entries.map(({ text, sealed, path }) => {
    const bytes = Buffer.from(text, "utf8");
    const entry = openEntry(JSON.parse(text), sealed, problems);
    const siblings = path.map((hash) => Buffer.from(hash, "hex"));
    if (!isIncluded(leafHash(bytes), entry.index, head.size, siblings, head.root))
      problems.push(`entry ${entry.index} is not in that ledger as it stands here`);
    for (const { sha256: name, sizeBytes, base64 } of contentsNamedBy(entry)) {
      const given = base64 ?? data.contents[name];
      if (given === undefined && data.omitted.includes(name)) omitted++;
      else if (given === undefined) problems.push(`entry ${entry.index}: content ${name} is missing`);
      else {
        const content = Buffer.from(given, "base64");
        if (content.length === sizeBytes && sha256(content).toString("hex") === name) contents.set(name, content);
        else problems.push(`entry ${entry.index}: content ${name} is not what was recorded`);
      }
    }
    return entry;
  });
  return { head, entries, problems, contents, omitted };
}

/** All that goes to a terminal passes here: whoever made the case chose the texts, also those of errors, and signs other than ASCII's can act. */
function say(...lines) {
  console.log(lines.map((line) => String(line).replace(/[^ -~]/g, escaped)).join("\n"));
}

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Returns the exit status: only what holds is printed. */
function report(data, { key, entry, content }) {
  const { head, entries, problems, contents, omitted } = check(data, key);
  if (problems.length > 0) say("DAMAGED:", ...problems.map((problem) => `  ${problem}`));
  else if (entry !== undefined) printEntry(entries, entry);
  else if (content !== undefined) printContent(contents, content);
  else {
    for (const { index, time, kind, agent = "", runId = "", body } of entries)
      say(`${String(index).padStart(8)}  ${time}  ${kind.padEnd(15)}  ${runId.slice(0, 8)}  ${JSON.stringify(agent)}${traceOf(kind, body)}`);
    const left = omitted === 0 ? "" : `; ${omitted} contents were left out when it was made`;
    say(`Whole: ${entries.length} entries of ledger ${head.ledger}, ${contents.size} contents${left}.`);
    say(key ? `Signed by ${key}` : `Signed by ${data.publicKey}: compare that with the key you know.`);
  }
  return problems.length > 0 ? 1 : 0;
}

/** Where a call stands in the traces of other programs (W3C Trace Context). */
function traceOf(kind, body) {
  const { traceId, spanId, parentSpanId } = (kind === "call" && body.details?.trace) || {};
  return traceId === undefined ? "" : `  trace ${traceId}, step ${spanId}${parentSpanId === undefined ? "" : ` below ${parentSpanId}`}`;
}

function printEntry(entries, index) {
  const found = entries.find((entry) => String(entry.index) === index);
  if (found === undefined) throw new Error("there is no such entry in this case");
  say(...JSON.stringify(found, null, 2).split("\n"));
}

function printContent(contents, name) {
  const found = contents.get(name);
  if (found === undefined) throw new Error("there is no such content in this case");
  if (process.stdout.isTTY) throw new Error("its bytes can act on a terminal: send them into a file or through a pipe");
  process.stdout.write(found);
}

function readCase(file) {
  const text = readFileSync(file, "utf8");
  const at = text.lastIndexOf(MARK);
  if (at < 0) throw new Error(`${file} holds no case: give the file that ztl export wrote`);
  return JSON.parse(text.slice(at + MARK.length, text.lastIndexOf("\n*/")));
}

function main() {
  const options = { key: { type: "string" }, entry: { type: "string" }, content: { type: "string" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const data = readCase(positionals[0] ?? fileURLToPath(import.meta.url));
  return report(data, values);
}

try {
  process.exitCode = main();
} catch (error) {
  say(`DAMAGED: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
