import type { KeyObject } from "node:crypto";
import { ZtlError } from "../errors.ts";
import { Frontier, type Hash, leafHash, sameHash } from "./merkle/tree.ts";
import { isSignedBy, keyIdOf, parseHead, rootOfHead, type SignedHead } from "./record/head.ts";
import { frameOf, genesisHash } from "./record/place.ts";
import type { LedgerStore, StoredHead } from "./store/store.ts";

/** Where a ledger ends: all that is needed to go on. */
export interface Tip {
  readonly head: SignedHead | undefined;
  readonly frontier: Frontier;
  readonly lastHash: Hash;
}

/**
 * Reads the end of a ledger and checks that it hangs together: the head is signed with this key, the last entry is the one it
 * names, and no later head was seen before. What lies further back is for `verify`.
 * Throws ZtlError `ledger-damaged`, `ledger-truncated` or `ledger-key`: going on would fork the history.
 */
export function readTip(store: LedgerStore, publicKey: KeyObject): Tip {
  // Before the extent: what another process writes in between is then in the extent, and not mistaken for something cut.
  const note = store.notedHead();
  const { head: stored, lastIndex } = store.extent();
  if (stored === undefined) {
    if (lastIndex !== undefined) damaged("it has entries that no signed head covers");
    expectNoLaterNote(store, note, undefined, publicKey);
    return { head: undefined, frontier: new Frontier(), lastHash: genesisHash(store.ledgerId) };
  }
  const head = parseHead(stored.line);
  expectOurs(store, head, stored, publicKey);
  if (lastIndex !== head.size - 1) damaged(`its head covers ${head.size} entries, the last one is ${lastIndex}`);
  const frontier = Frontier.decode(head.size, stored.peaks);
  if (frontier === undefined || !sameHash(frontier.root(), rootOfHead(head)))
    damaged("its Merkle frontier is not its head's");
  const last = store.entries({ fromIndex: lastIndex, limit: 1 })[0];
  const lastHash = Buffer.from(head.lastHash, "hex");
  if (last === undefined || !sameHash(leafHash(frameOf(last.bytes)), lastHash))
    damaged("its last entry is not the one its head names");
  expectNoLaterNote(store, note, head, publicKey);
  return { head, frontier, lastHash };
}

function expectOurs(store: LedgerStore, head: SignedHead, stored: StoredHead, publicKey: KeyObject): void {
  if (head.keyId !== keyIdOf(publicKey)) {
    throw new ZtlError(
      "ledger-key",
      `This ledger is signed with key ${head.keyId}; the key given is ${keyIdOf(publicKey)}. Use the ledger's own key`,
    );
  }
  if (!isSignedBy(head, publicKey)) damaged("the signature of its head is wrong");
  if (head.ledgerId !== store.ledgerId) damaged("its head was signed for another ledger");
  if (head.number !== stored.number) damaged("its heads are misnumbered");
}

function expectNoLaterNote(
  store: LedgerStore,
  line: string | undefined,
  head: SignedHead | undefined,
  publicKey: KeyObject,
): void {
  if (line === undefined || line === "") return;
  let noted: SignedHead;
  try {
    noted = parseHead(line);
  } catch {
    // A note torn by a power failure proves nothing; `verify` reports it, and the next group writes it again.
    return;
  }
  if (!isSignedBy(noted, publicKey)) return;
  if (noted.ledgerId !== store.ledgerId) {
    throw new ZtlError(
      "ledger-truncated",
      `Another ledger of ${noted.size} entries stood here and is gone: it was deleted, or this one was put in its place. ` +
        "Restore it, or begin a new one in another directory",
      { notedSize: noted.size, size: head?.size ?? 0 },
    );
  }
  if (head !== undefined && noted.number <= head.number) return;
  throw new ZtlError(
    "ledger-truncated",
    `This ledger once had ${noted.size} entries and now has ${head?.size ?? 0}: its end was cut or an old copy was put back. ` +
      "Restore the missing entries, or keep this ledger as it is and begin a new one",
    { notedSize: noted.size, size: head?.size ?? 0 },
  );
}

function damaged(reason: string): never {
  throw new ZtlError("ledger-damaged", `The end of this ledger does not hang together: ${reason}. Run verify on it`);
}
