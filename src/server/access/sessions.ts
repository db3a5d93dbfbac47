import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sha256 } from "../../base/sha256.ts";
import { SESSION_MS } from "../limits.ts";

/** A browser that showed the token once. */
export interface Session {
  /** What its forms must carry; another site cannot read it. */
  readonly csrfToken: string;
}

/**
 * Who holds the token, and the browsers that showed it. A session is a signed statement in a cookie and needs no memory here; it
 * is worth nothing to a server with another token.
 */
export class Sessions {
  readonly #tokenDigest: Buffer;
  readonly #key: Buffer;
  readonly #now: () => number;

  constructor(token: string, now: () => number = Date.now) {
    this.#tokenDigest = digest(token);
    this.#key = createHmac("sha256", token).update("ztl-session-key-v1").digest();
    this.#now = now;
  }

  isToken(given: string): boolean {
    return timingSafeEqual(digest(given), this.#tokenDigest);
  }

  /** The value of a new session's cookie: when it began, a random name, and our mark on both. */
  begin(): string {
    const stem = `${this.#now().toString(36)}.${randomBytes(16).toString("base64url")}`;
    return `${stem}.${this.#mark("session", stem)}`;
  }

  find(cookie: string): Session | undefined {
    const found = /^(([0-9a-z]{1,11})\.[\w-]{22})\.([\w-]{43})$/.exec(cookie);
    if (found === null) return undefined;
    const [, stem, began, mark] = found as unknown as [string, string, string, string];
    if (!isSame(mark, this.#mark("session", stem))) return undefined;
    const ageMs = this.#now() - Number.parseInt(began, 36);
    if (!(ageMs >= 0 && ageMs < SESSION_MS)) return undefined;
    return { csrfToken: this.#mark("form", stem) };
  }

  #mark(purpose: "session" | "form", stem: string): string {
    return createHmac("sha256", this.#key).update(`${purpose}\n${stem}`).digest("base64url");
  }
}

/** Compares in a time that tells nothing about either text. */
export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return sha256(Buffer.from(text));
}
