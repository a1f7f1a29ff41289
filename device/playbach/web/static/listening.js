// Sound in this browser: notes of the stream, put on the audio clock before they are due.

import { pageNow } from "./clock.js";
import { Instrument } from "./instrument.js";
import { voiceOf } from "./voices.js";

const SAFETY = 0.03; // seconds between scheduling a note and its sound, at least
const FIRST_LAG = 0.05; // seconds, beside what the loudspeaker takes
const MOST_LAG = 2; // seconds
const FADE = 0.9; // seconds
const DIED_AWAY = 0.3; // seconds after the end of the last note
const JUMP = 0.08; // seconds by which the audio clock may wander before it is read anew

/**
 * Plays what it is told, while it is on. Sound and picture lag behind the board together by `lag`,
 * as little as this device's way to its loudspeaker allows.
 */
export class Listening {
  #context = null;
  #instrument = null;
  #program = null;
  #volume = 100;
  #audioMinusPage = null;
  #sounding = new Map();
  #fade = null; // "going", and "over" when all is silent
  /** Seconds that this page shows and plays after the board does; 0 while it is silent. */
  lag = 0;
  /** Taps what goes to the loudspeaker, for meters and tests; `null` while it is silent. */
  analyser = null;

  get isOn() {
    return this.#context !== null;
  }

  /** The audio context, whose clock notes are put on; `null` while it is silent. */
  get context() {
    return this.#context;
  }

  /** To be called from a tap or a key, as browsers demand. */
  async start() {
    if (this.isOn) return;
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    this.#instrument = new Instrument(context);
    this.#instrument.setVolume(this.#volume);
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 32_768;
    this.#instrument.output.connect(this.analyser).connect(context.destination);
    this.#audioMinusPage = null;
    this.lag = FIRST_LAG + (context.outputLatency || context.baseLatency || 0);
    await context.resume();
  }

  async stop() {
    const context = this.#context;
    this.#context = this.#instrument = this.analyser = null;
    this.#sounding.clear();
    this.lag = 0;
    await context?.close();
  }

  /**
   * @param {{program: number | null, volume: number}} settings
   * @param {boolean} isPlaying  else what sounds fades, as it does on the board
   */
  follow({ program, volume }, isPlaying = true) {
    this.#program = program;
    this.#volume = volume;
    if (isPlaying) {
      this.#instrument?.setVolume(volume);
      this.#fade = null;
    } else if (this.#fade === null) {
      this.#instrument?.fade(FADE);
      this.#fade = "going";
    }
  }

  /** Notes that were announced; `toPage` turns the board's times into the page's. */
  take(notes, toPage) {
    if (!this.isOn || this.#context.state !== "running") return;
    for (const note of notes) {
      const when = this.when(toPage(note.at));
      const late = this.#context.currentTime + SAFETY - when;
      if (late > 0) this.#tooLate(late);
      // Half a note's beginning is worth more than its absence.
      if (late > SAFETY + 0.05) continue;
      const start = Math.max(when, this.#context.currentTime);
      this.#sounding.set(note, this.#instrument.play(voiceOf(this.#program), note, start));
    }
    this.#forget(toPage);
  }

  /** Notes at `after` of the board's clock do not come. */
  withdraw(after) {
    for (const [note, end] of this.#sounding) {
      if (note.at < after) continue;
      end(0);
      this.#sounding.delete(note);
    }
  }

  /** End what sounds. */
  silence() {
    for (const end of this.#sounding.values()) end(this.#context?.currentTime ?? 0);
    this.#sounding.clear();
    if (this.#fade !== "going") return;
    // What comes next is as loud as ever, whenever that is said.
    this.#fade = "over";
    this.#instrument?.setVolume(this.#volume, DIED_AWAY);
  }

  /** When, on the audio clock, a sound must begin that leaves the loudspeaker at a page time. */
  when(page) {
    return page + this.lag + this.#offset();
  }

  #tooLate(late) {
    this.lag = Math.min(this.lag + late + 0.02, MOST_LAG);
  }

  /** What to add to a page time for the moment on the audio clock that is heard then. */
  #offset() {
    const context = this.#context;
    const { contextTime, performanceTime } = context.getOutputTimestamp?.() ?? {};
    const measured = performanceTime
      ? contextTime - performanceTime / 1000
      : context.currentTime - (context.outputLatency || context.baseLatency || 0) - pageNow();
    const known = this.#audioMinusPage;
    const isNew = known === null || Math.abs(measured - known) > JUMP;
    // Single readings jitter by a few milliseconds.
    this.#audioMinusPage = isNew ? measured : known + 0.1 * (measured - known);
    return this.#audioMinusPage;
  }

  #forget(toPage) {
    const now = pageNow();
    for (const note of this.#sounding.keys()) {
      if (toPage(note.at + note.duration) + this.lag + 2 < now) this.#sounding.delete(note);
    }
  }
}
