// What the instruments of General MIDI sound like here: a row each, of plain numbers.

/**
 * @typedef {object} Voice
 * @property {(n: number) => number} partial  strength of the n-th harmonic
 * @property {number} attack    seconds to full strength, for a long note
 * @property {number} decay     seconds in which a struck or plucked string falls to a third; 0: held
 * @property {number} release   seconds in which it dies away after its end
 * @property {number} vibrato   cents to either side
 * @property {number} noise     of bow, breath or finger, beside the tone
 * @property {number} bright    harmonics that pass unweakened at middle strength
 * @property {number} body      share that goes through the cello's body
 * @property {number} level     loudness beside the cello
 */

/** A string bowed at one part in `place` of its length (Helmholtz motion). */
const bowed = (place) => (n) => (1 / n) * (0.25 + Math.abs(Math.sin((Math.PI * n) / place)));
const plucked = (place) => (n) => Math.abs(Math.sin((Math.PI * n) / place)) / n ** 1.25;
const hollow = (even) => (n) => (n % 2 ? 1 : even) / n ** 1.1;
const pipe = (n) => [1, 0.32, 0.12, 0.05, 0.03, 0.015][n - 1] ?? 0;
const organ = (n) => ({ 1: 1, 2: 0.7, 3: 0.35, 4: 0.5, 6: 0.25, 8: 0.3 })[n] ?? 0;
const bell = (n) => ({ 1: 1, 4: 0.5, 10: 0.18 })[n] ?? 0.01 / n;
const brass = (n) => (n < 6 ? 1 : 6 / n) / n ** 0.7;

const CELLO = {
  partial: bowed(8.3),
  attack: 0.075,
  decay: 0,
  release: 0.16,
  vibrato: 13,
  noise: 0.03,
  bright: 9,
  body: 0.8,
  level: 1,
};
const PLUCK = {
  ...CELLO,
  partial: plucked(5.3),
  attack: 0.003,
  decay: 0.7,
  release: 0.12,
  vibrato: 0,
  noise: 0.03,
  bright: 8,
  body: 0.5,
  level: 1.1,
};
const WIND = {
  ...CELLO,
  partial: pipe,
  attack: 0.05,
  release: 0.1,
  vibrato: 7,
  noise: 0.035,
  body: 0.05,
  level: 0.85,
};

/** By General MIDI family. */
const FAMILIES = [
  /* Piano */ { ...PLUCK, partial: plucked(7.7), decay: 1.4, body: 0.15, bright: 7 },
  /* Chromatic percussion */ { ...PLUCK, partial: bell, decay: 0.9, body: 0, noise: 0.01 },
  /* Organ */ { ...WIND, partial: organ, attack: 0.02, vibrato: 0, noise: 0.012, level: 0.8 },
  /* Guitar */ PLUCK,
  /* Bass */ { ...PLUCK, bright: 5, decay: 1 },
  /* Strings */ CELLO,
  /* Ensemble */ { ...CELLO, attack: 0.14, release: 0.3, noise: 0.03, vibrato: 9, body: 0.5 },
  /* Brass */ { ...CELLO, partial: brass, attack: 0.05, vibrato: 4, noise: 0.01, body: 0.1, level: 1.1 },
  /* Reed */ { ...WIND, partial: hollow(0.5), vibrato: 6, bright: 8, level: 0.55 },
  /* Pipe */ WIND,
  /* Synth lead */ { ...CELLO, attack: 0.01, body: 0, noise: 0, vibrato: 3, level: 0.8 },
  /* Synth pad */ { ...CELLO, attack: 0.25, release: 0.6, body: 0.1, noise: 0, bright: 5 },
  /* Synth effects */ { ...PLUCK, partial: bell, decay: 1.8, release: 0.8 },
  /* Ethnic */ { ...PLUCK, partial: plucked(9.1), decay: 0.5, bright: 12 },
  /* Percussive */ { ...PLUCK, partial: bell, decay: 0.25 },
  /* Sound effects */ { ...WIND, noise: 0.3 },
];

/** Instruments that are unlike their family. */
const SINGLE = {
  6: { ...PLUCK, partial: plucked(11.3), decay: 0.8, body: 0.2, bright: 18, level: 1.3 }, // harpsichord
  40: { ...CELLO, partial: bowed(9.7), vibrato: 15, bright: 11, body: 0.6 }, // violin
  43: { ...CELLO, bright: 7, attack: 0.1 }, // contrabass
  45: { ...PLUCK, decay: 0.28, body: 0.8 }, // pizzicato
  46: { ...PLUCK, partial: plucked(3.1), decay: 1.1, body: 0.2 }, // harp
  71: { ...WIND, partial: hollow(0.06), vibrato: 0, noise: 0.015, bright: 9 }, // clarinet
};

/** The voice of a General MIDI program; the cello where none was chosen. */
export const voiceOf = (program) =>
  program === null || program === undefined
    ? CELLO
    : (SINGLE[program] ?? FAMILIES[Math.floor(program / 8)] ?? CELLO);
