import type { KeyObject } from "node:crypto";
import type { ConsistencyProof, InclusionProof } from "./ledger.ts";
import { verifyConsistency, verifyInclusion } from "./merkle/proofs.ts";
import { signedText } from "./record/entry.ts";
import { isSignedBy, parseHead, rootOfHead, type SignedHead } from "./record/head.ts";

/** Checks of proofs by someone who has nothing but the public key: no ledger, no store, no trust in whoever sent them. */

export type ProofCheck = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Whether exactly this entry is in the ledger that the proof's head was signed for. */
export function checkInclusion(proof: InclusionProof, publicKey: KeyObject): ProofCheck {
  return checked(() => {
    const head = signedHead(proof.head, publicKey);
    if (head === undefined) return "the head is not signed with this key";
    const leaf = bytesOf(signedText(proof.entry).hash);
    const path = proof.path.map(bytesOf);
    if (!verifyInclusion(leaf, proof.entry.index, head.size, rootOfHead(head), path)) {
      return "the path does not lead from this entry to the head's root";
    }
    return undefined;
  });
}

/** Whether the later head only adds entries to what the earlier one stands for. */
export function checkConsistency(proof: ConsistencyProof, publicKey: KeyObject): ProofCheck {
  return checked(() => {
    const from = signedHead(proof.from, publicKey);
    const to = signedHead(proof.to, publicKey);
    if (from === undefined || to === undefined) return "a head is not signed with this key";
    if (from.ledgerId !== to.ledgerId) return "the heads are of different ledgers";
    const path = proof.path.map(bytesOf);
    if (!verifyConsistency(from.size, rootOfHead(from), to.size, rootOfHead(to), path)) {
      return "the path does not lead from the earlier root to the later one";
    }
    return undefined;
  });
}

/** The head as its line says, whatever the other members of the object claim. */
function signedHead(head: SignedHead, publicKey: KeyObject): SignedHead | undefined {
  const parsed = parseHead(head.line);
  return isSignedBy(parsed, publicKey) ? parsed : undefined;
}

function bytesOf(hash: string): Uint8Array {
  return Buffer.from(hash, "hex");
}

/** What a stranger sends may be anything; whatever cannot even be read proves nothing. */
function checked(check: () => string | undefined): ProofCheck {
  try {
    const reason = check();
    return reason === undefined ? { ok: true } : { ok: false, reason };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
