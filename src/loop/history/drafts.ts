import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import type { Admission, Finding, Verdict } from "../../guard/index.ts";
import type { Content, EntryDraft } from "../../ledger/index.ts";
import type { Decision } from "../../policy/index.ts";
import type { ReadFile, RunResult } from "../../sandbox/index.ts";
import { keptFindings } from "../gate/kept-findings.ts";
import { FINDINGS_RECORDED_MAX, READS_INLINE_MAX } from "../limits.ts";

/** The loop's steps in the ledger's words. */

type DraftOf<K extends EntryDraft["kind"]> = Extract<EntryDraft, { kind: K }>["body"];

export function decisionBody(
  decision: Decision,
  details: { readonly [key: string]: Json },
): DraftOf<"policy-decision"> {
  const considered = decision.considered.map(({ rule, outcome, why }) => ({ rule, outcome, why }));
  return {
    decision: decision.decision,
    rule: decision.rule,
    reason: decision.reason,
    details: { considered, ...details },
  };
}

export interface RunContents {
  readonly stdout: Content;
  readonly stderr: Content;
}

export function runBody(run: RunResult, contents: RunContents, replay: Partial<DraftOf<"run">>): DraftOf<"run"> {
  const { egressAttempts, unknownSyscalls, peakMemoryBytes } = run.diagnostics;
  return {
    status: run.status,
    exitCode: run.exitCode,
    ...(run.status === "signaled" ? { signal: run.signal } : {}),
    ...(run.status === "limit" ? { limit: run.limit } : {}),
    ...(run.status === "error" ? { error: wellFormed(run.error) } : {}),
    ...contents,
    timingsMs: { ...run.timingsMs },
    details: { egressAttempts: named(egressAttempts), unknownSyscalls: named(unknownSyscalls), peakMemoryBytes },
    ...replay,
  };
}

/** Names that a guest chose, as text that can be hashed (RFC 7493 section 2.1). */
function named(counts: Readonly<Record<string, number>>): Json {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name.toWellFormed(), count]));
}

function wellFormed({ code, message }: { code: string; message: string }): { code: string; message: string } {
  return { code, message: message.toWellFormed() };
}

/** The files that were read; a long list becomes content of its own. */
export async function readsBody(
  reads: readonly ReadFile[],
  keep: (bytes: Uint8Array) => Promise<Content>,
): Promise<DraftOf<"reads">> {
  const files = reads.map((read) => ({
    path: read.path.toWellFormed(),
    hostPath: read.hostPath.toWellFormed(),
    sizeBytes: read.sizeBytes,
    sha256: read.sha256 ?? null,
    ...(read.parts && { parts: [...read.parts] }),
    ...(read.unhashed && { unhashed: read.unhashed }),
    ...(read.changedDuringRun ? { changedDuringRun: true } : {}),
  }));
  if (files.length <= READS_INLINE_MAX) return { count: files.length, files };
  return { count: files.length, list: await keep(Buffer.from(JSON.stringify(files))) };
}

export function verdictBody(subject: string, verdict: Verdict, content?: Content): DraftOf<"verdict"> {
  const kept = keptFindings(verdict, FINDINGS_RECORDED_MAX);
  const findings = kept.findings.map((finding) => ({
    rule: finding.rule,
    family: finding.family,
    severity: finding.severity,
    start: finding.start,
    end: finding.end,
    ...(finding.path.length > 0 ? { decodings: [...finding.path] } : {}),
    reason: finding.reason,
  }));
  const { unlisted } = kept;
  return {
    subject,
    verdict: verdict.decision,
    contentSha256: verdict.contentSha256,
    ...defined({ content }),
    ruleSetHash: verdict.ruleSetHash,
    findings,
    ...(unlisted > 0 ? { details: { unlisted } } : {}),
  };
}

/** The other way round. An entry has no excerpts: those are for whoever looks at the content. */
export function findingsOfEntry({ findings }: DraftOf<"verdict">): Finding[] {
  return findings.map(({ decodings = [], ...finding }) => ({ ...finding, path: decodings, excerpt: "" }) as Finding);
}

export function admissionBody({ claims }: Admission, destination: string): DraftOf<"admission"> {
  return {
    contentSha256: claims.contentSha256,
    ruleSetHash: claims.ruleSetHash,
    destination,
    ...defined({ releasedBy: claims.releasedBy }),
    nonce: claims.nonce,
    expiresAt: new Date(claims.expiresAt).toISOString(),
  };
}
