import { z } from "zod";
import {
  EXCLUDE_LENGTH_MAX,
  EXCLUDES_MAX,
  OPEN_REVIEWS_MAX,
  REVIEW_BYTES_MAX,
  REVIEW_RULES_MAX,
  REVIEWERS_NEEDED_MAX,
} from "../limits.ts";
import { NAME, NAME_PATTERN } from "../names.ts";

/** Who decides what waits for a person, and how much one agent may have waiting. As one writes it; a test compares it with the schema. */
export interface ReviewsConfig {
  /** How many reviewers must agree before anything is approved. Default 1. */
  readonly reviewers?: number;
  /** A role that one of them must have. */
  readonly role?: string;
  /** What more is asked for some things; of all rules that apply, the most reviewers and every role. */
  readonly rules?: readonly ReviewRule[];
  /** Reviewers by name; others are made with `ztl reviewer add`. */
  readonly identities?: Readonly<Record<string, ReviewerIdentity>>;
  /**
   * Whether a process that runs agents may hold a reviewer's key or token: `refused`, the default, or `allowed`, such as for a page
   * that is served by the agents' own process.
   */
  readonly ownProcess?: "refused" | "allowed";
  /** What one agent may have waiting; more is refused, so that it cannot hide what others wait for. */
  readonly perAgent?: ReviewQuota;
}

/** Applies where all that it names fits; one that names nothing but `reviewers` or `role` applies to everything. */
export interface ReviewRule {
  readonly kinds?: readonly ("change-set" | "call" | "content" | "breaker")[];
  readonly agents?: readonly string[];
  readonly tools?: readonly string[];
  /** Calls of tools whose effect is outward. */
  readonly effect?: "outward";
  /** Changes to files, by pattern: as the guest or as the host names them. */
  readonly paths?: readonly string[];
  /** Changes to protected paths, such as git hooks. */
  readonly protected?: true;
  readonly reviewers?: number;
  readonly role?: string;
}

export interface ReviewerIdentity {
  /** `ed25519:…`, as `ztl reviewer key` prints it. */
  readonly publicKey: string;
  readonly roles?: readonly string[];
}

export interface ReviewQuota {
  /** Reviews at once. Default 500. */
  readonly open?: number;
  /** Bytes of what they ask about, as the loop keeps it. Default 32 MiB. */
  readonly bytes?: number;
}

/**
 * Names of reviewers stand side by side where people decide whom to trust: ASCII alone, so that no letter of another script passes for
 * one of these.
 */
export const REVIEWER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;

const namePattern = z.string().regex(NAME_PATTERN, "must be a name, or the beginning of names with * after it");
const role = z.string().regex(NAME, "must be a name");
const reviewers = z.number().int().min(1).max(REVIEWERS_NEEDED_MAX);

const rule = z
  .strictObject({
    kinds: z
      .array(z.enum(["change-set", "call", "content", "breaker"]))
      .optional()
      .describe("Kinds of review; breaker: closing one. Default: all."),
    agents: z.array(namePattern).optional().describe("Agents that ask, by name or as prefix*. Default: all."),
    tools: z.array(namePattern).optional().describe("Tools, by name or as prefix*. Default: all."),
    effect: z.literal("outward").optional().describe("Calls of tools whose effect is outward."),
    paths: z
      .array(z.string().min(1).max(EXCLUDE_LENGTH_MAX))
      .max(EXCLUDES_MAX)
      .optional()
      .describe(
        "Changes to files by pattern, as the guest or as this host names them: * and ? within a name, ** for any directories; one that begins with / begins at the root, others anywhere.",
      ),
    protected: z.literal(true).optional().describe("Changes to protected paths, such as git hooks."),
    reviewers: reviewers.optional().describe("How many reviewers must agree."),
    role: role.optional().describe("A role that one of them must have."),
  })
  .refine((one) => (one.reviewers ?? one.role) !== undefined, "must say reviewers, or role");

export const reviewsSchema = z
  .strictObject({
    reviewers: reviewers.optional().describe("How many reviewers must agree before anything is approved. Default: 1."),
    role: role.optional().describe("A role that one of them must have."),
    rules: z
      .array(rule)
      .max(REVIEW_RULES_MAX)
      .optional()
      .describe("What more is asked for some things. Of all rules that apply: the most reviewers, and every role."),
    identities: z
      .record(
        z.string().regex(REVIEWER_NAME, "must be a reviewer's name: ASCII letters, digits, . _ @ + -, at most 64"),
        z.strictObject({
          publicKey: z
            .string()
            // The last character has two unused bits: with them, one key would have four spellings.
            .regex(
              /^ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
              "must be a public key such as ed25519:…43 characters…, as ztl reviewer key prints it",
            )
            .describe("The reviewer's public key, as ztl reviewer add prints it."),
          roles: z.array(role).optional().describe("Roles that rules ask for, such as security."),
        }),
      )
      .optional()
      .describe("Reviewers by name. Others are made with ztl reviewer add; who is taken out of here is none any more."),
    ownProcess: z
      .enum(["refused", "allowed"])
      .optional()
      .describe(
        "Whether a process that runs agents may hold a reviewer's key or token. Default: refused. allowed is for a page that the agents' own process serves.",
      ),
    perAgent: z
      .strictObject({
        open: z
          .number()
          .int()
          .min(1)
          .max(OPEN_REVIEWS_MAX)
          .optional()
          .describe("Reviews at once, change sets among them. Default: 500."),
        bytes: z
          .number()
          .int()
          .min(1)
          .max(REVIEW_BYTES_MAX)
          .optional()
          .describe("Bytes of what they ask about. Default: 32 MiB."),
      })
      .optional()
      .describe("What one agent may have waiting. More is refused, so that it cannot hide what others wait for."),
  })
  .describe("Who decides what waits for a person.");
