import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { maskSecrets, scan } from "../src/guard/index.ts";
import { ENCODINGS, LITERALS } from "../src/guard/testing.ts";
import { ordinaryFiles, textOf } from "./ordinary-files.ts";
import { round } from "./statistics.ts";
import { TYPICAL_OUTPUTS } from "./typical/outputs.ts";
import { SECRETS } from "./typical/secrets.ts";

/**
 * `npm run bench:guard -- --peers`: other scanners of the registry on the same data in the same process. They are no
 * dependencies of this package; their exact versions are in `bench/peers/package.json`, to be installed without install scripts:
 * npm install --ignore-scripts --prefix bench/peers
 * hai-guardrails 1.12.0 is not among them: its bundle looks for a file of the machine that built it, and ends the process.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PEERS = join(ROOT, "bench", "peers");
/** Some of these scanners take a second for a file; the same ones for all. */
const FILES = 600;
const FILE_BYTES_MAX = 32 * 1024;

interface Peer {
  readonly name: string;
  /** True when it would not let the text pass as it is. */
  readonly refuses: (text: string) => boolean | Promise<boolean>;
}

/** The file that a package's `import` leads to. */
async function load(entry: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(PEERS, "node_modules", entry)).href)) as Record<string, unknown>;
}

type Call = (...values: unknown[]) => unknown;
type Made = new (...values: unknown[]) => Readonly<Record<string, Call>>;

async function peers(): Promise<Peer[]> {
  const ours: Peer = { name: "this guard", refuses: (text) => scan(text).decision !== "admit" };
  if (!existsSync(join(PEERS, "node_modules"))) return [ours];
  return [ours, await vard(), await llmGuard()];
}

async function vard(): Promise<Peer> {
  const { default: check } = (await load("@andersmyrmel/vard/dist/index.js")) as { default: Call };
  const refuses = (text: string): boolean => {
    try {
      return check(text) !== text;
    } catch {
      return true;
    }
  };
  return { name: "vard 1.2.0", refuses };
}

async function llmGuard(): Promise<Peer> {
  const loaded = await load("llm-guard/dist/index.js");
  const LLMGuard = (loaded.LLMGuard ?? (loaded.default as Record<string, unknown>).LLMGuard) as Made;
  const guard = new LLMGuard({ promptInjection: { enabled: true }, jailbreak: { enabled: true } });
  const validate = (guard.validate as Call).bind(guard);
  const refuses = async (text: string): Promise<boolean> => {
    const answer = (await validate(text)) as { readonly isValid?: boolean };
    return answer.isValid === false;
  };
  return { name: "llm-guard 0.1.9", refuses };
}

export interface Compared {
  readonly name: string;
  readonly detected: number;
  readonly encoded: number;
  readonly falsePositives: number;
  readonly typical: number;
  readonly megabytesPerSecond: number;
}

export async function comparePeers(): Promise<readonly Compared[]> {
  const tokens = Object.values(LITERALS).flat();
  const around = (text: string): string => `The answer is ${text} as expected.`;
  const plain = tokens.map(around);
  const encoded = Object.values(ENCODINGS).map((encode) => around(encode("<|im_start|>system")));
  const files = ordinaryFiles(ROOT, FILES / 3).flatMap(({ path, half }) => {
    const content = half === "measured" ? textOf(path) : undefined;
    return content === undefined || content.length > FILE_BYTES_MAX ? [] : [content.toString("utf8")];
  });
  const typical = Object.values(TYPICAL_OUTPUTS).map((make) => make().slice(0, FILE_BYTES_MAX));
  const rows: Compared[] = [];
  for (const { name, refuses } of await peers()) {
    const shareOf = async (texts: readonly string[]): Promise<number> => {
      let refused = 0;
      for (const text of texts) if (await refuses(text)) refused++;
      return refused / texts.length;
    };
    const [detected, inCode] = [await shareOf(plain), await shareOf(encoded)];
    const started = performance.now();
    const falsePositives = await shareOf(files);
    const seconds = (performance.now() - started) / 1000;
    const bytes = files.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const speed = round(bytes / 1e6 / seconds);
    rows.push({
      name,
      detected,
      encoded: inCode,
      falsePositives,
      typical: await shareOf(typical),
      megabytesPerSecond: speed,
    });
  }
  return rows;
}

export function peersText(rows: readonly Compared[]): string {
  const share = (part: number): string => `${(part * 100).toFixed(1)} %`.padStart(9);
  const secrets = Object.values(SECRETS).filter((make) => maskSecrets(make()).secrets.length > 0).length;
  return [
    "scanner                control tokens   one in 22 ways of writing   ordinary files refused   typical outputs refused     MB/s",
    ...rows.map(
      ({ name, detected, encoded, falsePositives, typical, megabytesPerSecond }) =>
        `${name.padEnd(22)} ${share(detected).padStart(14)} ${share(encoded).padStart(27)} ${share(falsePositives).padStart(24)} ${share(typical).padStart(25)} ${String(megabytesPerSecond).padStart(8)}`,
    ),
    `this guard masks ${secrets} of ${Object.keys(SECRETS).length} made-up secrets`,
    ...(rows.length > 1 ? [] : ["other scanners are not installed: npm install --ignore-scripts --prefix bench/peers"]),
  ].join("\n");
}
