import { OutputFlag, type Termios } from "./termios.ts";

const TAB_COLUMNS = 8;
const [BACKSPACE, TAB, NEWLINE, RETURN, SPACE] = [8, 9, 10, 13, 32];

/** What a terminal does to bytes on their way to the screen (termios(3), c_oflag), and in which column the cursor is. */
export class OutputProcessing {
  readonly #termios: Termios;
  column = 0;

  constructor(termios: Termios) {
    this.#termios = termios;
  }

  /** The bytes that reach the screen. */
  process(from: Uint8Array): number[] {
    const shown: number[] = [];
    for (const byte of from) this.#one(byte, shown);
    return shown;
  }

  #one(byte: number, shown: number[]): void {
    const { output } = this.#termios;
    if ((output & OutputFlag.process) === 0) {
      shown.push(byte);
      return;
    }
    switch (byte) {
      case NEWLINE:
        if ((output & OutputFlag.newlineToReturnNewline) !== 0) shown.push(RETURN);
        if ((output & (OutputFlag.newlineToReturnNewline | OutputFlag.newlineReturns)) !== 0) this.column = 0;
        shown.push(NEWLINE);
        return;
      case RETURN:
        if ((output & OutputFlag.noReturnAtStart) !== 0 && this.column === 0) return;
        if ((output & OutputFlag.returnToNewline) === 0) this.column = 0;
        shown.push((output & OutputFlag.returnToNewline) === 0 ? RETURN : NEWLINE);
        return;
      case TAB: {
        const columns = TAB_COLUMNS - (this.column % TAB_COLUMNS);
        this.column += columns;
        if ((output & OutputFlag.expandTabs) !== OutputFlag.expandTabs) shown.push(TAB);
        else for (let i = 0; i < columns; i++) shown.push(SPACE);
        return;
      }
      case BACKSPACE:
        this.column = Math.max(this.column - 1, 0);
        shown.push(byte);
        return;
      default:
        // Control characters and the later bytes of a UTF-8 sequence take no column.
        if (byte >= SPACE && byte !== 127 && (byte & 0xc0) !== 0x80) this.column++;
        shown.push(byte);
    }
  }
}
