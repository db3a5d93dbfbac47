import { ZtlError } from "../../errors.ts";
import { BREAKER_LOOK_MS } from "../limits.ts";
import type { OpenBreaker } from "./opening.ts";
import type { ActingIn } from "./target.ts";

/** Told once, at once, synchronously: what goes on is to end within this call. Must not throw. */
export type OnOpen = (breaker: Pick<OpenBreaker, "id" | "reason" | "source">) => void;

/** Something that goes on in this process, and ends when a breaker over it is opened: a run, a connection. */
export interface Live extends ActingIn {
  readonly tool: string;
}

interface Registered {
  readonly live: Live;
  readonly onOpen: OnOpen;
}

export interface LiveWorkOptions {
  /** Another text whenever a breaker may have been opened by another process. Costs next to nothing. */
  readonly version: () => string;
  /** What is open over it. Throws ZtlError where that cannot be read. */
  readonly openOver: (live: Live) => OpenBreaker | undefined;
}

/** What cannot be looked up counts as open. */
const UNREADABLE = { id: "unknown", source: "person", reason: "what is open cannot be read" } as const;

/**
 * What goes on in this process under breakers. Those of this process tell it at once; those of others are seen by looking, which is
 * done only while something goes on.
 */
export class LiveWork {
  readonly #options: LiveWorkOptions;
  readonly #all = new Set<Registered>();
  #timer: NodeJS.Timeout | undefined;
  #seen = "";

  constructor(options: LiveWorkOptions) {
    this.#options = options;
  }

  /** Whatever is open already is told before this returns. Returns what ends the registration. */
  register(live: Live, onOpen: OnOpen): () => void {
    const registered = { live, onOpen };
    this.#all.add(registered);
    this.#tell(registered);
    this.#watch();
    return () => void this.#all.delete(registered);
  }

  /** Tells what a breaker is over that is to be opened now, before that is written down anywhere: a busy disk delays nothing. */
  cut(breaker: Parameters<OnOpen>[0], isOver: (live: Live) => boolean): void {
    for (const one of [...this.#all]) if (isOver(one.live) && this.#all.delete(one)) one.onOpen(breaker);
  }

  /** Tells everything over which something is open now. */
  look(): void {
    for (const one of [...this.#all]) this.#tell(one);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#all.clear();
  }

  #tell(one: Registered): void {
    const open = this.#openOver(one.live);
    if (open === undefined || !this.#all.delete(one)) return;
    one.onOpen(open);
  }

  #openOver(live: Live): Parameters<OnOpen>[0] | undefined {
    try {
      return this.#options.openOver(live);
    } catch (error) {
      if (ZtlError.isInstance(error)) return UNREADABLE;
      throw error;
    }
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#all.size === 0) return;
    this.#seen = this.#options.version();
    this.#timer = setInterval(() => this.#lookForOthers(), BREAKER_LOOK_MS);
    // A process ends when its work does.
    this.#timer.unref();
  }

  #lookForOthers(): void {
    if (this.#all.size === 0) {
      this.close();
      return;
    }
    const version = this.#options.version();
    if (version === this.#seen) return;
    this.#seen = version;
    this.look();
  }
}
