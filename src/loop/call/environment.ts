import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { type ByteString, byteStringOf, bytesOf, toByteString } from "../../base/byte-string.ts";
import type { RunResult } from "../../sandbox/index.ts";

type Environment = Readonly<Record<string, string>>;

/** Shorter values turn up in any text by chance. */
const MASKED_CHARACTERS_MIN = 6;
/** Names under which keys are handed to programs. */
const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|PWD|CRED|AUTH|COOKIE|SESSION|DSN|PRIVATE/i;
/** Long, and neither words nor a path: what such a value is called does not matter. */
const SECRET_VALUE = /^(?=.*[0-9])(?=.*[A-Za-z])[\w+/=.~-]{20,}$/;

/**
 * Variables of a tool's environment are where its keys stand. Nothing of their values is recorded: an entry has a keyed hash of each, by
 * which a replay knows whether the configuration still has the same, and which nobody can try values against who has only the record.
 */
export class EnvironmentSeal {
  readonly #key: KeyObject;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** By name, a hash of each value, in hexadecimal. */
  seal(environment: Environment = {}): Record<string, string> {
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, this.#hash(name, value)]));
  }

  /** The names of variables that are not what they were sealed as. */
  changed(sealed: Environment, environment: Environment = {}): string[] {
    const names = new Set([...Object.keys(sealed), ...Object.keys(environment)]);
    return [...names].filter((name) => {
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      return value === undefined || sealed[name] !== this.#hash(name, value);
    });
  }

  #hash(name: string, value: string): string {
    // No name holds a NUL character.
    return createHmac("sha256", this.#key).update(`${name}\0${value}`).digest("hex");
  }
}

/** A run without the keys of its tool's environment in what it printed, and a note that names their variables, if it printed any. */
export function withoutVariables(
  run: RunResult,
  environment: Environment = {},
): { readonly run: RunResult; readonly notes: readonly string[] } {
  const secrets = Object.entries(environment).filter(([name, value]) => isSecret(name, value));
  const [out, err] = [byteStringOf(run.stdout), byteStringOf(run.stderr)];
  const printed = secrets.filter(([, value]) => [out, err].some((text) => text.includes(toByteString(value))));
  if (printed.length === 0) return { run, notes: [] };
  const [stdout, stderr] = [masked(out, printed), masked(err, printed)];
  const names = printed.map(([name]) => name).join(", ");
  return {
    run: { ...run, stdout, stderr, stdoutText: stdout.toString("utf8"), stderrText: stderr.toString("utf8") },
    notes: [`values of its environment are masked, and nobody can see them here: ${names}`],
  };
}

function masked(printed: ByteString, secrets: readonly (readonly [string, string])[]): Buffer {
  let text: string = printed;
  // Longest first: one may be a part of another.
  for (const [name, value] of [...secrets].sort(([, a], [, b]) => b.length - a.length))
    text = text.replaceAll(toByteString(value), () => toByteString(`[value of ${name}]`));
  return bytesOf(text as ByteString);
}

function isSecret(name: string, value: string): boolean {
  return value.length >= MASKED_CHARACTERS_MIN && (SECRET_NAME.test(name) || SECRET_VALUE.test(value));
}
