import { z } from "zod";
import { content, details, name, sha256Text, text, time } from "./fields.ts";

/** What the entries of decisions say, and of what was done by them; see `bodies.ts`. */

/**
 * What was done because somebody decided it, where that has no `approval` of its own: the act and the decision behind it are one entry.
 */
const decided = z.strictObject({
  reviewId: name,
  /** Of what was shown. */
  subjectSha256: sha256Text,
  decision: z.enum(["undo", "redo", "rebase"]),
  reviewer: name,
  /** The chosen files; absent for all of them. */
  files: z.array(text).optional(),
  /** In their place, when they are too many: the text that `textOfSelection` makes of them, which reviewers sign the hash of. */
  selection: content.optional(),
  message: text.optional(),
  /** Whose version goes on after a rebase. */
  take: name.optional(),
  /** Nonces of the signed decisions that it rests on; absent while nobody was a reviewer. */
  statements: z.array(name).optional(),
});

export const approval = z.strictObject({
  reviewId: name.optional(),
  /** What was decided on; a call is agreed to, and a content released, under its own hash. */
  subject: z.enum(["change-set", "call", "content"]),
  subjectSha256: sha256Text,
  /** What was shown, where that is another: of a workspace, some files become a change set of their own. */
  shownSha256: sha256Text.optional(),
  decision: z.enum(["approve", "reject", "revoke", "expire"]),
  /** Who decided; absent only when time did. */
  reviewer: name.optional(),
  /** The chosen files; absent for all of them. */
  files: z.array(text).optional(),
  /** Protected paths that were agreed to one by one. */
  protectedFiles: z.array(text).optional(),
  /** In place of both, when they are too many; see `decided`. */
  selection: content.optional(),
  message: text.optional(),
  /** Nonces of the signed decisions that it rests on; absent while nobody was a reviewer. */
  statements: z.array(name).optional(),
  ...details,
});

/** Who may decide, and with which key. */
export const reviewer = z.strictObject({
  change: z.enum(["added", "revoked"]),
  name,
  /** `ed25519:…` */
  publicKey: name,
  roles: z.array(name).optional(),
  origin: z.enum(["token", "key", "configuration"]).optional(),
  ...details,
});

/** What one reviewer said and signed; see `decisions/statement.ts`. Of several that are needed each is one. */
export const decision = z.strictObject({
  reviewId: name,
  subject: z.enum(["change-set", "call", "content", "breaker"]),
  /** Of what was shown. */
  subjectSha256: sha256Text,
  decision: z.enum(["approve", "reject", "revoke", "undo", "redo", "rebase", "close"]),
  take: name.optional(),
  selectionSha256: sha256Text,
  /** The same as lists, where they are short enough to stand here. */
  files: z.array(text).optional(),
  protectedFiles: z.array(text).optional(),
  message: text.optional(),
  reviewer: name,
  publicKey: name,
  signedAt: time,
  nonce: name,
  signature: name,
  ...details,
});

export const sync = z.strictObject({
  changeSetSha256: sha256Text,
  outcome: z.enum(["applied", "conflict", "failed", "rolled-back", "undone"]),
  files: z.array(text).optional(),
  conflicts: z.array(z.strictObject({ path: text, reason: text })).optional(),
  /** The same lists and those of the details as JSON, when they are too large to be part of the entry. */
  list: content.optional(),
  error: z.strictObject({ code: name, message: text }).optional(),
  /** Of what was put back, or written again. */
  decided: decided.optional(),
  ...details,
});

/** A review that went on over the host's new content. */
export const rebase = z.strictObject({
  /** What became of each file, as JSON. */
  list: content,
  decided,
  ...details,
});
