/** Settings of a terminal (termios(3)), numbers as in asm-generic/termbits.h. */

export const InputFlag = {
  stripBit: 0o40,
  newlineToReturn: 0o100,
  ignoreReturn: 0o200,
  returnToNewline: 0o400,
  flowControl: 0o2000,
  anyRestarts: 0o4000,
  bellWhenFull: 0o20000,
  utf8: 0o40000,
} as const;

export const OutputFlag = {
  process: 0o1,
  newlineToReturnNewline: 0o4,
  returnToNewline: 0o10,
  noReturnAtStart: 0o20,
  newlineReturns: 0o40,
  expandTabs: 0o14000,
} as const;

export const LocalFlag = {
  signals: 0o1,
  canonical: 0o2,
  echo: 0o10,
  echoErase: 0o20,
  echoKill: 0o40,
  echoNewline: 0o100,
  noFlush: 0o200,
  stopBackground: 0o400,
  echoControl: 0o1000,
  echoKillErases: 0o4000,
  extended: 0o100000,
} as const;

/** Places of the control characters in `c_cc`. */
export const Control = {
  interrupt: 0,
  quit: 1,
  erase: 2,
  kill: 3,
  endOfFile: 4,
  time: 5,
  minimum: 6,
  start: 8,
  stop: 9,
  suspend: 10,
  endOfLine: 11,
  reprint: 12,
  wordErase: 14,
  literalNext: 15,
  endOfLine2: 16,
} as const;

const CONTROL_COUNT = 19;
/** CS8, CREAD and 38,400 baud (asm-generic/termbits.h). */
const CONTROL_MODES = 0o277;
const SPEED = 38_400;

export interface Termios {
  input: number;
  output: number;
  control: number;
  local: number;
  line: number;
  readonly characters: Uint8Array;
  inputSpeed: number;
  outputSpeed: number;
}

/** What every new terminal has (tty_std_termios, drivers/tty/tty_io.c). */
export function newTermios(): Termios {
  return {
    input: InputFlag.returnToNewline | InputFlag.flowControl,
    output: OutputFlag.process | OutputFlag.newlineToReturnNewline,
    control: CONTROL_MODES,
    local:
      LocalFlag.signals |
      LocalFlag.canonical |
      LocalFlag.echo |
      LocalFlag.echoErase |
      LocalFlag.echoKill |
      LocalFlag.echoControl |
      LocalFlag.echoKillErases |
      LocalFlag.extended,
    line: 0,
    // ^C ^\ DEL ^U ^D, no time, one byte, ^Q ^S ^Z, no end of line, ^R ^O ^W ^V (INIT_C_CC, asm-generic/termios.h).
    characters: Uint8Array.of(3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0),
    inputSpeed: SPEED,
    outputSpeed: SPEED,
  };
}

/** `struct termios` and `struct termios2` of the kernel, which has the speeds behind it. */
export const TERMIOS_BYTES = 36;
export const TERMIOS2_BYTES = 44;

export function encodeTermios(termios: Termios, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  [termios.input, termios.output, termios.control, termios.local].forEach((word, i) =>
    bytes.writeUInt32LE(word, 4 * i),
  );
  bytes[16] = termios.line;
  bytes.set(termios.characters, 17);
  if (size < TERMIOS2_BYTES) return bytes;
  bytes.writeUInt32LE(termios.inputSpeed, TERMIOS_BYTES);
  bytes.writeUInt32LE(termios.outputSpeed, TERMIOS_BYTES + 4);
  return bytes;
}

export function decodeTermios(bytes: Buffer, into: Termios): void {
  into.input = bytes.readUInt32LE(0);
  into.output = bytes.readUInt32LE(4);
  into.control = bytes.readUInt32LE(8);
  into.local = bytes.readUInt32LE(12);
  into.line = bytes[16];
  into.characters.set(bytes.subarray(17, 17 + CONTROL_COUNT));
  if (bytes.length < TERMIOS2_BYTES) return;
  into.inputSpeed = bytes.readUInt32LE(TERMIOS_BYTES);
  into.outputSpeed = bytes.readUInt32LE(TERMIOS_BYTES + 4);
}
