import type { ReplayOutcome, Review, SemanticDifferential, Verification } from "../../../src/loop/index.ts";
import type { Transcript } from "../agent/conversation.ts";
import type { Mail } from "../agent/outcome.ts";
import type { Host } from "../host.ts";
import type { Tree } from "../world/tree.ts";
import type { UnguardedAct } from "./unguarded-act.ts";

/** What was found after the showing: on disk, in the vector store, at the attacker's server, in the ledger. */
export interface Facts {
  readonly host: Host;
  readonly isScripted: boolean;
  /** Whether the decisions were the demo's own. */
  readonly isAuto: boolean;
  readonly unguarded: UnguardedAct;
  readonly guarded: {
    readonly transcript: Transcript;
    readonly mails: readonly Mail[];
    readonly notes: readonly string[];
    readonly answer: string;
  };
  /** The project's files on this host. */
  readonly trees: {
    readonly atBegin: Tree;
    readonly afterUnguarded: Tree;
    readonly beforeDecisions: Tree;
    readonly atEnd: Tree;
  };
  /** All reviews as they stand at the end. */
  readonly reviews: readonly Review[];
  /** Files that the ledger says were written, relative to the project. */
  readonly applied: readonly string[];
  readonly pricesCsv: string;
  readonly attackerRequests: number;
  readonly ledger: Verification;
  /** Of the run that read the PDF, when there is one. */
  readonly pdf: { readonly replay: ReplayOutcome; readonly differential: SemanticDifferential } | undefined;
}
