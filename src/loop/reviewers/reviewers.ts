import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import {
  type Entry,
  formatPublicKey,
  type Ledger,
  parsePublicKey,
  type ReviewerRecord,
  ReviewerRoll,
} from "../../ledger/index.ts";
import { looksLike, type Policy, REVIEWER_NAME } from "../../policy/index.ts";
import { REVIEWERS_MAX } from "../limits.ts";
import { credentialOfToken, newToken } from "./credential.ts";

export interface NewReviewer {
  /** `ed25519:…` of a key that the reviewer keeps. Default: a token is made, which is told once. */
  readonly publicKey?: string;
  /** Roles that the policy's rules ask for, such as `security`. */
  readonly roles?: readonly string[];
}

export interface AddedReviewer {
  readonly reviewer: ReviewerRecord;
  /** Nobody can tell it again. */
  readonly token?: string;
}

type Origin = ReviewerRecord["origin"];

/**
 * Who may decide. Kept in the ledger: each reviewer that comes or goes is an entry, and what is known of them is public. While there
 * is none, whoever has the state directory decides by whatever name they give.
 */
export class Reviewers {
  readonly #ledger: Ledger;
  readonly #policy: Policy;
  readonly #told: (entry: Entry) => void;

  constructor(ledger: Ledger, policy: Policy, told: (entry: Entry) => void) {
    this.#ledger = ledger;
    this.#policy = policy;
    this.#told = told;
  }

  /** All there ever were, in the order in which they were added. */
  list(): readonly ReviewerRecord[] {
    return this.roll().records;
  }

  /** As of now, or as of before an entry. Another process may have added one: it is read anew. */
  roll(beforeIndex?: number): ReviewerRoll {
    const roll = new ReviewerRoll();
    for (const entry of this.#ledger.query({ kind: "reviewer", toIndex: beforeIndex })) roll.take(entry);
    return roll;
  }

  /** Whose token this is; undefined when it is nobody's, or that of somebody who is no reviewer any more. */
  whoseToken(token: string): ReviewerRecord | undefined {
    const publicKey = credentialOfToken(token)?.publicKey;
    return this.list().find((one) => one.publicKey === publicKey && one.revokedAt === undefined);
  }

  /** Throws ZtlError `reviewer-name`, `reviewer-known`, `key-malformed`, `reviewers-full`. */
  async add(name: string, { publicKey, roles = [] }: NewReviewer = {}): Promise<AddedReviewer> {
    const token = publicKey === undefined ? newToken() : undefined;
    const key = canonicalKey(publicKey ?? credentialOfToken(token ?? "")?.publicKey ?? "");
    const reviewer = await this.#add(name, key, roles, token === undefined ? "key" : "token");
    return token === undefined ? { reviewer } : { reviewer, token };
  }

  /** What this reviewer agreed to stays; what waits for more reviewers is not agreed to by this one any more. Throws ZtlError `reviewer-unknown`. */
  async revoke(name: string): Promise<ReviewerRecord> {
    const known = this.roll().active(name);
    if (known === undefined) {
      throw new ZtlError("reviewer-unknown", `There is no reviewer ${JSON.stringify(name.slice(0, 100))}`, {
        remedy: "ztl reviewer list tells who there is.",
      });
    }
    if (known.origin === "configuration") {
      throw new ZtlError("reviewer-configured", `${name} is a reviewer by the configuration`, {
        remedy: "Take the name out of reviews.identities there.",
      });
    }
    await this.#revoke(known);
    return known;
  }

  /** Those of the configuration become reviewers, and those who are not in it any more cease to be. */
  async takeConfigured(): Promise<void> {
    const identities = Object.entries(this.#policy.config.reviews?.identities ?? {});
    const configured = new Map(
      identities.map(([name, { publicKey, roles = [] }]) => [
        name,
        { publicKey: canonicalKey(publicKey), roles: asSet(roles) },
      ]),
    );
    for (const known of this.list()) {
      if (known.origin !== "configuration" || known.revokedAt !== undefined) continue;
      const now = configured.get(known.name);
      const isSame = now?.publicKey === known.publicKey && String(now.roles) === String(asSet(known.roles));
      if (isSame) configured.delete(known.name);
      else await this.#revoke(known);
    }
    for (const [name, { publicKey, roles }] of configured) await this.#add(name, publicKey, roles, "configuration");
  }

  async #add(name: string, publicKey: string, roles: readonly string[], origin: Origin): Promise<ReviewerRecord> {
    this.#expectFree(name, publicKey);
    await this.#record("added", { name, publicKey, roles, origin });
    const added = this.roll().active(name);
    // Another process may have been faster; the ledger knows the first one alone.
    if (added?.publicKey !== publicKey) throw known(name, `${name} was added by somebody else just now`);
    return added;
  }

  async #revoke({ name, publicKey }: ReviewerRecord): Promise<void> {
    await this.#record("revoked", { name, publicKey });
  }

  #expectFree(name: string, publicKey: string): void {
    if (!REVIEWER_NAME.test(name)) {
      throw new ZtlError(
        "reviewer-name",
        `Expected a name of ASCII letters, digits and . _ @ + -; found ${quoted(name)}`,
        {
          remedy: "Letters of other scripts could pass for these: a user name or a mail address does.",
        },
      );
    }
    if (this.#policy.hasAgent(name))
      throw new ZtlError("reviewer-name", `${name} is the name of an agent, and no agent decides`);
    const active = this.list().filter((one) => one.revokedAt === undefined);
    if (active.length >= REVIEWERS_MAX)
      throw new ZtlError("reviewers-full", `There are ${REVIEWERS_MAX} reviewers already: revoke some of them first`);
    const alike = active.find((one) => looksLike(one.name) === looksLike(name));
    if (alike !== undefined) {
      throw alike.name === name
        ? known(name, `There is a reviewer ${name} already`)
        : known(name, `${name} looks like ${alike.name}, who is a reviewer already`);
    }
    const same = active.find((one) => one.publicKey === publicKey);
    if (same !== undefined) throw known(name, `This key is ${same.name}'s: one person would count twice`);
  }

  async #record(change: "added" | "revoked", { roles, ...facts }: Recorded): Promise<void> {
    const body = { change, ...facts, ...defined({ roles: roles && asSet(roles) }) };
    this.#told(await this.#ledger.append({ kind: "reviewer", body }));
  }
}

interface Recorded {
  readonly name: string;
  readonly publicKey: string;
  readonly roles?: readonly string[];
  readonly origin?: Origin;
}

/** As it is compared and kept. Throws ZtlError `key-malformed`. */
function canonicalKey(publicKey: string): string {
  return formatPublicKey(parsePublicKey(publicKey));
}

/** The order of roles, and one that is named twice, mean nothing. */
function asSet(roles: readonly string[]): string[] {
  return [...new Set(roles)].sort();
}

function known(name: string, message: string): ZtlError {
  return new ZtlError("reviewer-known", message, {
    name,
    remedy: "Choose another name, or revoke that reviewer first: ztl reviewer revoke NAME",
  });
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100).toWellFormed());
}
