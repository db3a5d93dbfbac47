import { LimitReached } from "../limits.ts";

/** Thrown when the files a run wrote outgrow its limit: the run ends, since a guest told ENOSPC could try for ever. */
export class OverlayFull extends LimitReached {
  constructor() {
    super("overlay");
  }
}

/** Names a run may make; at some 300 bytes of host memory each this bounds them to about 60 MB. */
export const NAMES_MAX = 200_000;

/** What all overlays and tmpfs of one run may hold together. */
export class ByteBudget {
  readonly limitBytes: number;
  readonly limitNames: number;
  usedBytes = 0;
  usedNames = 0;

  constructor(limitBytes: number, limitNames = NAMES_MAX) {
    this.limitBytes = limitBytes;
    this.limitNames = limitNames;
  }

  allocate(bytes: number): void {
    if (this.usedBytes + bytes > this.limitBytes) throw new OverlayFull();
    this.usedBytes += bytes;
  }

  free(bytes: number): void {
    this.usedBytes -= bytes;
  }

  addName(): void {
    if (this.usedNames >= this.limitNames) throw new OverlayFull();
    this.usedNames++;
  }

  removeName(): void {
    this.usedNames--;
  }
}
