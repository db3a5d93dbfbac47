import { html } from "hono/html";
import type { Review, ReviewKind, ReviewState, ReviewSummary } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { foreign, visibleText } from "../show/visible.ts";

/** The loop's words as sentences for people. */

export const KIND_WORDS: Readonly<Record<ReviewKind, string>> = {
  "change-set": "Changes to files",
  call: "Tool call",
  content: "Withheld output",
};

interface StateWords {
  readonly label: string;
  readonly tone: "wait" | "good" | "bad" | "calm";
}

const STATES: Readonly<Record<ReviewState, StateWords>> = {
  pending: { label: "waiting", tone: "wait" },
  approved: { label: "approved", tone: "good" },
  used: { label: "used", tone: "calm" },
  applied: { label: "applied", tone: "good" },
  undone: { label: "undone", tone: "calm" },
  conflict: { label: "conflict", tone: "bad" },
  failed: { label: "failed", tone: "bad" },
  rejected: { label: "rejected", tone: "calm" },
  expired: { label: "expired", tone: "calm" },
  superseded: { label: "replaced", tone: "calm" },
};

export function stateBadge(state: ReviewState): Html {
  const { label, tone } = STATES[state];
  return html`<span class="badge ${tone}">${label}</span>`;
}

/** Where a decided review stands, and what can be done about it. Undefined while it waits. */
export function stateSentence({ kind, state, decidedBy }: ReviewSummary): string | undefined {
  const who = decidedBy === undefined ? "somebody" : visibleText(decidedBy);
  switch (state) {
    case "pending":
      return undefined;
    case "approved":
      if (kind === "call") return `${who} agreed. The agent may make exactly this call once.`;
      if (kind === "content") return `${who} released this text. The agent may collect it.`;
      return `${who} approved this, and it is not written yet. If it stays so, the host refused: try again.`;
    case "used":
      return `${who} agreed, and the agent made the call. Another one needs a new agreement.`;
    case "applied":
      return `${who} approved this, and the files are written. Undo puts them back as they were, all or single ones.`;
    case "undone":
      return `${who} decided this last: the files are again as they were before. Redo writes them again.`;
    case "conflict":
      return "Nothing was written: files of this machine are no longer what the run saw. Let the agent make its change again, on the files as they are now.";
    case "failed":
      return "Nothing was written: the changes could not be applied. The ledger has the reason.";
    case "rejected":
      return `${who} rejected this. Nothing of it reached this machine.`;
    case "expired":
      return "Nobody decided in time, so it was rejected. Nothing of it reached this machine.";
    case "superseded":
      if (kind === "call")
        return "What was agreed to has changed meanwhile. The agent has to ask again, as things are now.";
      return "The agent took these changes back, or went on from them. There is nothing left to decide here.";
  }
}

/** What agreeing would do. */
export function consequence(review: Review): Html {
  switch (review.kind) {
    case "change-set":
      return html`<p>The files you approve are written to this machine, all of them or none. Each is looked at once more first: if
        one is no longer what the run saw, nothing is written. Afterwards you can undo it, as long as nobody has changed the files.</p>`;
    case "call":
      return html`<p>The agent may make exactly this call once, with exactly this input, before the time is up. What the call
        returns still passes the guard, and changes to files still wait for a yes of their own.</p>`;
    case "content":
      return html`<p>The agent may collect exactly this text, and acts on what it reads. The ledger names you as the one who
        released it. If in doubt, reject: the agent goes on without it.</p>`;
  }
}

const FLAGS: Readonly<Record<string, string>> = {
  setuid: "runs with its owner’s rights (setuid)",
  executable: "becomes executable",
  "symlink-outside": "link leads outside the folder",
  binary: "binary",
  large: "too large to compare",
  "hidden-characters": "name has hidden characters",
  "case-clash": "another name differs in case only",
  "other-names": "shows under other names too",
  "cannot-be-applied": "cannot be applied",
};

/** Flags that say danger, not kind. */
const ALARMING = new Set(["setuid", "symlink-outside", "hidden-characters", "case-clash", "cannot-be-applied"]);

export function flagBadge(flag: string): Html {
  return html`<span class="badge ${ALARMING.has(flag) ? "bad" : "calm"}">${FLAGS[flag] ?? foreign(flag, 100)}</span>`;
}

const CHANGES: Readonly<Record<string, string>> = {
  add: "new",
  modify: "changed",
  delete: "deleted",
  mode: "permissions",
  rename: "renamed",
  symlink: "link",
  "hard-link": "hard link",
  "type-change": "another kind of file",
};

export function changeWord(change: string): string {
  return CHANGES[change] ?? change;
}
