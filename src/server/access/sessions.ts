import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sha256 } from "../../base/sha256.ts";
import { ENDED_SESSIONS_MAX, SESSION_MS } from "../limits.ts";

/** A browser that showed the token once. */
export interface Session {
  /** What its forms must carry; another site cannot read it. */
  readonly csrfToken: string;
}

/**
 * Who holds the token, and the browsers that showed it. A session is a signed statement in a cookie and needs no memory here, unless
 * it was ended early; it is worth nothing to a server with another token.
 */
export class Sessions {
  readonly #tokenDigest: Buffer;
  readonly #key: Buffer;
  readonly #now: () => number;
  /** Stems of cookies that are over before their time, with when their sessions began. */
  readonly #ended = new Map<string, number>();
  /** Sessions that began no later are over, too: what was ended must not come back when there is no room to remember it. */
  #endedUntilMs = 0;

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
    const stem = this.#open(cookie)?.stem;
    return stem === undefined ? undefined : { csrfToken: this.#mark("form", stem) };
  }

  /** Whoever kept the cookie has nothing of it. */
  end(cookie: string): void {
    const found = this.#open(cookie);
    if (found === undefined) return;
    this.#ended.set(found.stem, found.beganMs);
    if (this.#ended.size <= ENDED_SESSIONS_MAX) return;
    const [oldest, beganMs] = this.#ended.entries().next().value as [string, number];
    this.#ended.delete(oldest);
    this.#endedUntilMs = Math.max(this.#endedUntilMs, beganMs);
  }

  #open(cookie: string): { readonly stem: string; readonly beganMs: number } | undefined {
    const found = /^(([0-9a-z]{1,11})\.[\w-]{22})\.([\w-]{43})$/.exec(cookie);
    if (found === null) return undefined;
    const [, stem, began, mark] = found as unknown as [string, string, string, string];
    if (!isSame(mark, this.#mark("session", stem))) return undefined;
    const beganMs = Number.parseInt(began, 36);
    const ageMs = this.#now() - beganMs;
    const isOver = !(ageMs >= 0 && ageMs < SESSION_MS) || beganMs <= this.#endedUntilMs || this.#ended.has(stem);
    return isOver ? undefined : { stem, beganMs };
  }

  /** Of a reviewer's sign-in, by its cookie, which says nothing about how long it lasts: whoever asks has looked. */
  ofSignIn(cookie: string): Session {
    return { csrfToken: this.#mark("sign-in form", cookie) };
  }

  #mark(purpose: "session" | "form" | "sign-in form", stem: string): string {
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
