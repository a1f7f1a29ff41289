// An instrument of plain Web Audio nodes: string, bow, body and room.

import { bodyAnswer, chance, noise, roomAnswer } from "./room.js";

const HARMONICS = 48;
const CONCERT_A = 440;
const VIBRATO_AFTER = 0.16; // seconds: a hand begins to rock once the note stands
const VIBRATO_GROWS = 0.35;
const WET = 0.3;
const LOUDNESS = 0.24;

const frequencyOf = (pitch) => CONCERT_A * 2 ** ((pitch - 69) / 12);

export class Instrument {
  #context;
  #waves = new Map();
  #noise;
  #body;
  #dry;
  #volume;
  #random = chance(42);
  /** What is heard, for meters and tests. */
  output;

  /** @param {BaseAudioContext} context */
  constructor(context) {
    this.#context = context;
    this.#noise = noise(context);
    this.#dry = context.createGain();
    this.#body = context.createConvolver();
    this.#body.normalize = false;
    this.#body.buffer = bodyAnswer(context);
    const mix = context.createGain();
    this.#dry.connect(mix);
    this.#body.connect(mix);
    this.output = this.#hall(mix);
  }

  #hall(mix) {
    const context = this.#context;
    const room = context.createConvolver();
    room.buffer = roomAnswer(context);
    const wet = context.createGain();
    wet.gain.value = WET;
    this.#volume = context.createGain();
    const limiter = context.createDynamicsCompressor();
    limiter.threshold.value = -9;
    limiter.ratio.value = 6;
    limiter.attack.value = 0.004;
    limiter.release.value = 0.2;
    mix.connect(this.#volume);
    mix.connect(room).connect(wet).connect(this.#volume);
    this.#volume.connect(limiter);
    return limiter;
  }

  /** MIDI volume, 0 to 127, after so many seconds (as the square: General MIDI Developer Guidelines 1996). */
  setVolume(volume, after = 0) {
    const { gain } = this.#volume;
    gain.cancelScheduledValues(this.#context.currentTime);
    gain.setTargetAtTime((volume / 100) ** 2, this.#context.currentTime + after, 0.02);
  }

  /** Let all die away in so many seconds, until the volume is set again. */
  fade(seconds) {
    this.#volume.gain.setTargetAtTime(0, this.#context.currentTime, seconds / 5);
  }

  /**
   * Play a note.
   * @param {import("./voices.js").Voice} voice
   * @param {{pitch: number, velocity: number, duration: number}} note
   * @param {number} when  seconds of the context
   * @returns {(at: number) => void} ends it at a moment, or takes it back if that is before it begins
   */
  play(voice, note, when) {
    const sound = this.#context.createGain();
    const toBody = this.#context.createGain();
    const past = this.#context.createGain();
    toBody.gain.value = voice.body;
    past.gain.value = 1 - 0.72 * voice.body;
    sound.connect(toBody).connect(this.#body);
    sound.connect(past).connect(this.#dry);
    const sources = [this.#string(voice, note, when, sound)];
    if (voice.noise) sources.push(this.#bow(voice, note, when, sound));
    if (voice.vibrato && note.duration > VIBRATO_AFTER + 0.1) {
      sources.push(this.#vibrato(voice, note, when, sources[0]));
    }
    const end = this.#envelope(voice, note, when, sound);
    for (const source of sources) {
      source.start(when);
      source.stop(end);
    }
    sources[0].onended = () => {
      for (const node of [sound, toBody, past]) node.disconnect();
    };
    return (at) => this.#end(sound, sources, when, Math.max(at, this.#context.currentTime), end);
  }

  #string(voice, note, when, sound) {
    const context = this.#context;
    const string = context.createOscillator();
    string.setPeriodicWave(this.#wave(voice));
    const frequency = frequencyOf(note.pitch);
    string.frequency.value = frequency;
    // No finger falls on quite the same place twice.
    const astray = voice.decay ? 0 : 5 * (this.#random() - 0.5);
    string.detune.setValueAtTime(astray - (voice.decay ? 0 : 9), when);
    string.detune.setTargetAtTime(astray, when, 0.02);
    const edge = context.createBiquadFilter();
    edge.type = "lowpass";
    edge.Q.value = 0.4;
    const strength = note.velocity / 90;
    const open = Math.min(frequency * voice.bright * (0.45 + 0.55 * strength) + 500, 12_000);
    edge.frequency.setValueAtTime(open * (voice.decay ? 1.6 : 0.45), when);
    const [to, pace] = voice.decay ? [open * 0.3, voice.decay * 0.5] : [open, voice.attack * 0.7];
    edge.frequency.setTargetAtTime(to, when, pace);
    string.connect(edge).connect(sound);
    return string;
  }

  #bow(voice, note, when, sound) {
    const context = this.#context;
    const hair = context.createBufferSource();
    hair.buffer = this.#noise;
    hair.loop = true;
    hair.loopStart = this.#random();
    hair.playbackRate.value = 0.9 + 0.2 * this.#random();
    const band = context.createBiquadFilter();
    band.type = "bandpass";
    band.frequency.value = Math.min(900 + 3.5 * frequencyOf(note.pitch), 4500);
    band.Q.value = 0.6;
    const gain = context.createGain();
    gain.gain.setValueAtTime(voice.noise * 3, when);
    gain.gain.setTargetAtTime(voice.decay ? 0 : voice.noise, when + 0.01, 0.035);
    hair.connect(band).connect(gain).connect(sound);
    return hair;
  }

  #vibrato(voice, note, when, string) {
    const context = this.#context;
    const hand = context.createOscillator();
    hand.frequency.value = 5.1 + 0.9 * this.#random();
    const depth = context.createGain();
    const begins = when + VIBRATO_AFTER;
    const wide = voice.vibrato * Math.min(0.5 + note.duration / 2, 1);
    depth.gain.setValueAtTime(0, when);
    depth.gain.setValueAtTime(0, begins);
    depth.gain.linearRampToValueAtTime(wide, begins + VIBRATO_GROWS);
    hand.connect(depth).connect(string.detune);
    return hand;
  }

  /** Loudness over time; returns when nothing is left. */
  #envelope(voice, note, when, sound) {
    const { gain } = sound;
    const peak = LOUDNESS * voice.level * (note.velocity / 90) ** 1.4;
    const attack = Math.min(voice.attack, note.duration * 0.3);
    const off = when + note.duration;
    gain.setValueAtTime(0, when);
    if (voice.decay) {
      gain.linearRampToValueAtTime(peak, when + attack);
      gain.setTargetAtTime(0, when + attack, voice.decay);
    } else {
      // Quick at first, so that the ear knows when the note began; then it swells a little.
      gain.linearRampToValueAtTime(peak * 0.62, when + attack * 0.35);
      gain.setTargetAtTime(peak, when + attack * 0.35, attack);
    }
    const release = Math.min(voice.release, 0.05 + note.duration * 0.5);
    gain.setTargetAtTime(0, off, release / 3);
    return off + release * 2.5;
  }

  #end(sound, sources, when, at, end) {
    if (at >= end) return;
    const last = at < when ? when : at;
    sound.gain.cancelScheduledValues(last);
    if (at >= when) sound.gain.setTargetAtTime(0, at, 0.03);
    for (const source of sources) source.stop(at < when ? when : at + 0.2);
  }

  #wave(voice) {
    const known = this.#waves.get(voice);
    if (known) return known;
    const real = new Float32Array(HARMONICS + 1);
    const imaginary = new Float32Array(HARMONICS + 1);
    for (let n = 1; n <= HARMONICS; n += 1) imaginary[n] = voice.partial(n) * (n % 2 ? 1 : -1);
    const wave = this.#context.createPeriodicWave(real, imaginary);
    this.#waves.set(voice, wave);
    return wave;
  }
}
