import { BLOCKED } from "../blocked.ts";
import { Signal } from "../signals/signals.ts";
import { Control, InputFlag, LocalFlag, type Termios } from "./termios.ts";

/** Bytes typed and not read yet: N_TTY_BUF_SIZE (include/linux/tty.h); one place is kept for the end of a line. */
export const INPUT_BYTES = 4096;
const [BELL, BACKSPACE, TAB, NEWLINE, RETURN, SPACE, DELETE] = [7, 8, 9, 10, 13, 32, 127];
/** A control character that is not set (_POSIX_VDISABLE). */
const DISABLED = 0;
const TAB_COLUMNS = 8;

/** What the discipline asks of the terminal it belongs to. */
export interface LineEvents {
  /** Shows bytes, after output processing. */
  echo(bytes: readonly number[]): void;
  /** A character that means a signal to the foreground was typed. */
  signal(signal: number): void;
  /** Output was stopped, or goes on (^S, ^Q). */
  stop(stopped: boolean): void;
  /** What was written and not shown yet is dropped. */
  flushOutput(): void;
  readonly column: number;
}

/**
 * The line discipline between who types and who reads (N_TTY; termios(3)): edits lines, echoes, turns characters into
 * signals. Holds at most {@link INPUT_BYTES}.
 */
export class LineDiscipline {
  readonly #termios: Termios;
  readonly #events: LineEvents;
  /** All that can be read or is being edited, and which bytes end a line. */
  #bytes: number[] = [];
  #ends: boolean[] = [];
  /** How many of the bytes belong to finished lines. */
  #finished = 0;
  #isLiteral = false;
  /** The column in which the line being edited began. */
  #startColumn = 0;

  constructor(termios: Termios, events: LineEvents) {
    this.#termios = termios;
    this.#events = events;
  }

  /** How often something became readable. */
  arrivals = 0;

  get #isCanonical(): boolean {
    return (this.#termios.local & LocalFlag.canonical) !== 0;
  }

  /** Bytes that a read could get. */
  get readable(): number {
    return this.#isCanonical ? this.#finished : this.#bytes.length;
  }

  /** Whether a read would not wait (poll(2)). */
  get isReadable(): boolean {
    if (this.#isCanonical) return this.#finished > 0;
    const { characters } = this.#termios;
    const wanted = characters[Control.time] === 0 ? Math.max(characters[Control.minimum], 1) : 1;
    return this.#bytes.length >= wanted;
  }

  /** How many bytes can be typed now; while no line is finished, any number: what does not fit is dropped. */
  get room(): number {
    if (this.#isCanonical && this.#finished === 0) return INPUT_BYTES;
    return Math.max(INPUT_BYTES - 1 - this.#bytes.length, 0);
  }

  flush(): void {
    this.#bytes = [];
    this.#ends = [];
    this.#finished = 0;
    this.#isLiteral = false;
  }

  /** To be called after the settings were changed: what was typed so far counts as a line from now on. */
  settingsChanged(wasCanonical: boolean): void {
    if (wasCanonical === this.#isCanonical || !this.#isCanonical || this.#bytes.length === 0) return;
    this.#ends[this.#bytes.length - 1] = true;
    this.#finished = this.#bytes.length;
  }

  /** A line or a part of one, or whatever there is; 0 is the end of the file, {@link BLOCKED}: nothing yet. */
  read(into: Uint8Array): number {
    if (this.#isCanonical) return this.#readLine(into);
    const { characters } = this.#termios;
    const minimum = Math.min(characters[Control.minimum], into.length);
    const wanted = characters[Control.time] === 0 ? minimum : Math.min(minimum, 1);
    if (this.#bytes.length < wanted) return BLOCKED;
    if (this.#bytes.length === 0) return characters[Control.time] === 0 ? 0 : BLOCKED;
    const count = Math.min(into.length, this.#bytes.length);
    into.set(this.#bytes.slice(0, count));
    this.#drop(count);
    return count;
  }

  #readLine(into: Uint8Array): number {
    if (this.#finished === 0) return BLOCKED;
    let count = 0;
    let used = 0;
    let isEnd = false;
    for (; !isEnd && count < into.length && used < this.#finished; used++) {
      isEnd = this.#ends[used];
      if (!this.#isEndOfFile(used)) into[count++] = this.#bytes[used];
    }
    // The mark behind a line that just fitted would look like the end of the file to the next read.
    if (!isEnd && count > 0 && this.#isEndOfFile(used)) used++;
    this.#drop(used);
    return count;
  }

  /** The end of a file is a mark, and no byte to read. */
  #isEndOfFile(at: number): boolean {
    return this.#ends[at] === true && this.#bytes[at] === DISABLED;
  }

  #drop(count: number): void {
    this.#bytes.splice(0, count);
    this.#ends.splice(0, count);
    this.#finished = Math.max(this.#finished - count, 0);
  }

  /** Takes what was typed. */
  receive(from: Uint8Array): void {
    for (const byte of from) this.#type(byte);
  }

  #type(typed: number): void {
    const { input, local, characters } = this.#termios;
    let byte = (input & InputFlag.stripBit) === 0 ? typed : typed & 0x7f;
    if (this.#isLiteral) {
      this.#isLiteral = false;
      this.#echo(byte);
      this.#append(byte, false);
      return;
    }
    if ((input & InputFlag.flowControl) !== 0 && this.#takesFlowControl(byte)) return;
    if ((local & LocalFlag.signals) !== 0 && this.#takesSignal(byte)) return;
    if (byte === RETURN) {
      if ((input & InputFlag.ignoreReturn) !== 0) return;
      if ((input & InputFlag.returnToNewline) !== 0) byte = NEWLINE;
    } else if (byte === NEWLINE && (input & InputFlag.newlineToReturn) !== 0) byte = RETURN;
    if (this.#isCanonical && this.#takesEditing(byte)) return;
    if ((local & LocalFlag.extended) !== 0 && this.#isCanonical && is(byte, characters[Control.literalNext])) {
      this.#isLiteral = true;
      if ((local & LocalFlag.echo) !== 0 && (local & LocalFlag.echoControl) !== 0) this.#events.echo([0x5e, BACKSPACE]);
      return;
    }
    if (this.#bytes.length === this.#finished) this.#startColumn = this.#events.column;
    if ((local & LocalFlag.echo) !== 0) this.#echo(byte);
    this.#append(byte, false);
  }

  #takesFlowControl(byte: number): boolean {
    const { input, characters } = this.#termios;
    if (is(byte, characters[Control.start])) this.#events.stop(false);
    else if (is(byte, characters[Control.stop])) this.#events.stop(true);
    else {
      if ((input & InputFlag.anyRestarts) !== 0) this.#events.stop(false);
      return false;
    }
    return true;
  }

  #takesSignal(byte: number): boolean {
    const { local, characters } = this.#termios;
    const signals = [
      [Control.interrupt, Signal.SIGINT],
      [Control.quit, Signal.SIGQUIT],
      [Control.suspend, Signal.SIGTSTP],
    ] as const;
    const signal = signals.find(([place]) => is(byte, characters[place]))?.[1];
    if (signal === undefined) return false;
    if ((local & LocalFlag.noFlush) === 0) {
      this.flush();
      this.#events.flushOutput();
    }
    this.#events.stop(false);
    if ((local & LocalFlag.echo) !== 0) this.#echo(byte);
    this.#events.signal(signal);
    return true;
  }

  #takesEditing(byte: number): boolean {
    const { local, characters } = this.#termios;
    const isExtended = (local & LocalFlag.extended) !== 0;
    if (is(byte, characters[Control.erase])) this.#erase(1);
    else if (is(byte, characters[Control.kill])) this.#killLine(byte);
    else if (isExtended && is(byte, characters[Control.wordErase])) this.#erase(this.#lastWordLength());
    else if (isExtended && (local & LocalFlag.echo) !== 0 && is(byte, characters[Control.reprint])) this.#reprint(byte);
    else if (byte === NEWLINE) {
      if ((local & (LocalFlag.echo | LocalFlag.echoNewline)) !== 0) this.#events.echo([NEWLINE]);
      this.#append(byte, true);
    } else if (is(byte, characters[Control.endOfFile])) this.#append(DISABLED, true);
    else if (is(byte, characters[Control.endOfLine]) || (isExtended && is(byte, characters[Control.endOfLine2]))) {
      if ((local & LocalFlag.echo) !== 0) this.#echo(byte);
      this.#append(byte, true);
    } else return false;
    return true;
  }

  #append(byte: number, isEnd: boolean): void {
    // A full line waits for its end, which then takes the last place.
    if (this.#bytes.length >= INPUT_BYTES - (isEnd ? 0 : 1)) {
      if ((this.#termios.input & InputFlag.bellWhenFull) !== 0) this.#events.echo([BELL]);
      return;
    }
    this.#bytes.push(byte);
    this.#ends.push(isEnd);
    if (isEnd) this.#finished = this.#bytes.length;
    if (isEnd || !this.#isCanonical) this.arrivals++;
  }

  #echo(byte: number): void {
    const { local } = this.#termios;
    const isShownAsIs = byte === TAB || byte === NEWLINE || byte >= SPACE;
    if ((local & LocalFlag.echoControl) !== 0 && (!isShownAsIs || byte === DELETE))
      this.#events.echo([0x5e, byte ^ 0x40]);
    else this.#events.echo([byte]);
  }

  // --- editing ---

  get #edited(): number[] {
    return this.#bytes.slice(this.#finished);
  }

  #isContinuation(byte: number): boolean {
    return (this.#termios.input & InputFlag.utf8) !== 0 && (byte & 0xc0) === 0x80;
  }

  /** How many characters back the last word of the line begins. */
  #lastWordLength(): number {
    let count = 0;
    let isInWord = false;
    for (const byte of this.#edited.reverse()) {
      if (this.#isContinuation(byte)) continue;
      const isWordCharacter = /[\w]/.test(String.fromCharCode(byte)) || byte >= 0x80;
      if (isInWord && !isWordCharacter) break;
      isInWord ||= isWordCharacter;
      count++;
    }
    return count;
  }

  #erase(characters: number): void {
    for (let i = 0; i < characters && this.#bytes.length > this.#finished; i++) {
      let byte = this.#bytes.pop() as number;
      this.#ends.pop();
      while (this.#isContinuation(byte) && this.#bytes.length > this.#finished) {
        byte = this.#bytes.pop() as number;
        this.#ends.pop();
      }
      this.#showErased(byte);
    }
  }

  #showErased(byte: number): void {
    const { local, characters } = this.#termios;
    if ((local & LocalFlag.echo) === 0) return;
    if ((local & LocalFlag.echoErase) === 0) {
      this.#echo(characters[Control.erase]);
      return;
    }
    const isControl = (byte < SPACE || byte === DELETE) && byte !== TAB;
    const columns = byte === TAB ? this.#tabColumns() : isControl ? (local & LocalFlag.echoControl ? 2 : 0) : 1;
    for (let i = 0; i < columns; i++) this.#events.echo(byte === TAB ? [BACKSPACE] : [BACKSPACE, SPACE, BACKSPACE]);
  }

  /** How many columns the tab took that was behind the line as it is now. */
  #tabColumns(): number {
    let column = this.#startColumn;
    for (const byte of this.#edited) {
      if (byte === TAB) column += TAB_COLUMNS - (column % TAB_COLUMNS);
      else if (byte < SPACE || byte === DELETE) column += (this.#termios.local & LocalFlag.echoControl) !== 0 ? 2 : 0;
      else if (!this.#isContinuation(byte)) column++;
    }
    return TAB_COLUMNS - (column % TAB_COLUMNS);
  }

  #killLine(byte: number): void {
    const { local } = this.#termios;
    const erases = LocalFlag.echo | LocalFlag.echoKill | LocalFlag.echoKillErases | LocalFlag.echoErase;
    if ((local & erases) === erases) {
      this.#erase(this.#bytes.length - this.#finished);
      return;
    }
    this.#bytes.length = this.#ends.length = this.#finished;
    if ((local & LocalFlag.echo) === 0) return;
    this.#echo(byte);
    if ((local & LocalFlag.echoKill) !== 0) this.#events.echo([NEWLINE]);
  }

  #reprint(byte: number): void {
    this.#echo(byte);
    this.#events.echo([NEWLINE]);
    for (const typed of this.#edited) this.#echo(typed);
  }
}

/** Whether a byte is that control character, which may be switched off. */
function is(byte: number, character: number): boolean {
  return character !== DISABLED && byte === character;
}
