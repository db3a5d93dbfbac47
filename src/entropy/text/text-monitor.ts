import type { FalseAlarms } from "../detectors/detector.ts";
import { RobustBaseline } from "../detectors/robust-baseline.ts";
import { StreamWatch } from "../detectors/stream-watch.ts";
import type { Evidence, Monitor } from "../monitor.ts";
import { TextModel } from "./text-model.ts";

/** Characters whose surprise is one value: a line or two, of which single words scatter too much. */
const WINDOW = 128;
/**
 * Whoever turns to another thing writes half a deviation more surprisingly for a while, which is no alarm: looked for is a shift of two.
 * What is encoded, or in another script, lies five and more above.
 */
const ALLOWANCE = 1;

export interface TextState {
  readonly characters: number;
  /** Bits per character of the last window. */
  readonly bitsPerCharacter: number | undefined;
  readonly alarmed: boolean;
}

/** Bits per character of each window of a text, after what the model has read. */
export function windowsOf(model: TextModel, text: string): number[] {
  const characters = [...text];
  const windows: number[] = [];
  for (let start = 0; start + WINDOW <= characters.length; start += WINDOW)
    windows.push(model.read(characters.slice(start, start + WINDOW).join("")).bits / WINDOW);
  return windows;
}

/** What is usual in an agent's own texts: each is measured after those before it. Throws ZtlError `calibration-too-small`, `baseline-flat`. */
export function textBaseline(texts: readonly string[], model: TextModel = new TextModel()): RobustBaseline {
  return RobustBaseline.of(texts.flatMap((text) => windowsOf(model, text)));
}

/**
 * For any provider, also where no probabilities are told: watches how unlike an agent's texts are to its earlier ones, by a model of
 * our own that has read those. It sees another language, an encoding, a list of keys; it does not see a fluent lie. False alarms are
 * counted in windows of 128 characters.
 */
export class TextMonitor implements Monitor<string, TextState> {
  readonly #model: TextModel;
  readonly #watch: StreamWatch;
  #rest = "";
  #state: TextState = { characters: 0, bitsPerCharacter: undefined, alarmed: false };

  /** `model` has read the agent's earlier texts, and reads on. */
  constructor(model: TextModel, baseline: RobustBaseline, alarms: FalseAlarms) {
    this.#model = model;
    this.#watch = new StreamWatch({ "bits per character": baseline }, alarms, ALLOWANCE);
  }

  get state(): TextState {
    return this.#state;
  }

  /** A piece of the text, as it comes; of the windows that it fills the one with the most evidence. */
  observe(piece: string): Evidence | undefined {
    const characters = [...`${this.#rest}${piece}`];
    const full = characters.length - (characters.length % WINDOW);
    this.#rest = characters.slice(full).join("");
    const windows = windowsOf(this.#model, characters.slice(0, full).join(""));
    const found = windows.map((bits) => this.#watch.push({ "bits per character": bits }));
    const most = found.toSorted((a, b) => Number(b.alarm) - Number(a.alarm) || b.bits - a.bits)[0];
    this.#state = {
      characters: this.#state.characters + full,
      bitsPerCharacter: windows.at(-1) ?? this.#state.bitsPerCharacter,
      alarmed: this.#state.alarmed || most?.alarm === true,
    };
    return most;
  }
}
