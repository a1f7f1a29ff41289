// Excerpts as sound, one at a time.

import { Instrument } from "./instrument.js";
import { SETTINGS } from "./answers.js";
import { voiceOf } from "./voices.js";

const AHEAD = 2.5; // seconds of notes handed to the audio clock before they are due
const LEAD = 0.15; // seconds from the tap to the first note

/** Notes on the audio clock, a little ahead of when they are due. */
class Notes {
  #context;
  #timer;
  #start;
  #fader;

  constructor(context) {
    this.#context = context;
  }

  async start({ notes, length }) {
    const context = this.#context;
    await context.resume();
    // One instrument for each excerpt, so that no echo of the last is heard in it.
    const instrument = new Instrument(context);
    const fader = context.createGain();
    this.#fader = fader;
    instrument.output.connect(fader).connect(context.destination);
    const start = context.currentTime + LEAD;
    this.#start = start;
    const end = start + length / 1000;
    fader.gain.setValueAtTime(1, end - SETTINGS.fade / 1000);
    fader.gain.linearRampToValueAtTime(0, end);
    const voice = voiceOf(SETTINGS.program);
    let next = 0;
    const schedule = () => {
      while (next < notes.length && start + notes[next][0] / 1000 < context.currentTime + AHEAD) {
        const [at, lasts, pitch, velocity] = notes[next];
        const note = { pitch, velocity, duration: lasts / 1000 };
        instrument.play(voice, note, start + at / 1000);
        next += 1;
      }
    };
    schedule();
    this.#timer = setInterval(schedule, 250);
  }

  /** Seconds since the first note. */
  get position() {
    return this.#start === undefined ? 0 : Math.max(this.#context.currentTime - this.#start, 0);
  }

  stop() {
    clearInterval(this.#timer);
    const fader = this.#fader;
    if (!fader) return;
    const now = this.#context.currentTime;
    fader.gain.cancelScheduledValues(now);
    fader.gain.setTargetAtTime(0, now, 0.02);
    setTimeout(() => fader.disconnect(), 300);
  }
}

/** At most one excerpt sounds. */
export class Player {
  #context = null;
  #now = null;

  /** @param {(share: number) => void} onProgress  from 0 to 1 @param {() => void} onEnd */
  async play(excerpt, onProgress, onEnd) {
    this.stop();
    this.#context ??= new AudioContext();
    const sound = new Notes(this.#context);
    const now = { sound, onEnd };
    this.#now = now;
    await sound.start(excerpt);
    // Another may have been started, or this one stopped, while the sound was made ready.
    if (this.#now !== now) return sound.stop();
    const length = excerpt.length / 1000;
    const follow = () => {
      if (this.#now !== now) return;
      onProgress(Math.min(sound.position / length, 1));
      if (sound.position > length) this.stop();
      else requestAnimationFrame(follow);
    };
    follow();
  }

  stop() {
    const now = this.#now;
    this.#now = null;
    now?.sound.stop();
    now?.onEnd();
  }
}
