// Answers to an impulse, computed once: the wood of a cello, and the room around it.

/** Numbers from 0 to 1 that are the same on every page (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Resonances of a cello that ears know it by: frequency in Hz, width in Hz, strength in dB. */
const HILLS = [
  [98, 12, 4], // the air in the body
  [190, 30, 7], // the main resonances of the wood
  [390, 90, 4],
  [640, 160, 0],
  [1250, 300, -7], // what is missing here makes it a cello and not a viola
  [2250, 700, 2], // the bridge
  [3400, 900, -6],
];

const decibels = (db) => 10 ** (db / 20);

function strengthAt(frequency) {
  let strength = 0.12;
  for (const [centre, width, db] of HILLS) {
    strength += decibels(db) * Math.exp(-(((frequency - centre) / width) ** 2) / 2);
  }
  return strength / (1 + (frequency / 4200) ** 4);
}

/** Some seventy modes of vibration, closer together the higher they are, each dying away. */
export function bodyAnswer(context) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.round(0.18 * rate), rate);
  const samples = buffer.getChannelData(0);
  const random = chance(1720);
  for (let frequency = 92; frequency < 5200; frequency *= 1.038 + 0.036 * random()) {
    const damping = (Math.PI * frequency) / (14 + 16 * random());
    const strength = strengthAt(frequency) * (random() < 0.5 ? -1 : 1) * (0.6 + 0.8 * random());
    addMode(samples, rate, frequency, damping, strength);
  }
  return buffer;
}

function addMode(samples, rate, frequency, damping, strength) {
  const turn = (2 * Math.PI * frequency) / rate;
  // Narrow modes ring longer; by this each is as strong at its own frequency as was asked for.
  const gain = (strength * 2 * damping) / rate;
  const length = Math.min(samples.length, Math.ceil((7 * rate) / damping));
  for (let i = 0; i < length; i += 1) {
    samples[i] += gain * Math.exp((-damping * i) / rate) * Math.cos(turn * i);
  }
}

/** A small church: a few early reflections, then noise that dies away, high sounds first. */
export function roomAnswer(context, seconds = 2.4) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(2, Math.round(seconds * rate), rate);
  for (const channel of [0, 1]) {
    const samples = buffer.getChannelData(channel);
    const random = chance(1685 + channel);
    let low = 0;
    for (let i = 0; i < samples.length; i += 1) {
      const time = i / rate;
      const smooth = Math.min(0.35 + 0.28 * time, 0.9);
      low += (1 - smooth) * (2 * random() - 1 - low);
      const build = Math.min(time / 0.035, 1);
      samples[i] = low * build * 10 ** ((-3 * time) / (0.8 * seconds));
    }
    for (let reflection = 0; reflection < 6; reflection += 1) {
      const at = 0.011 + 0.009 * reflection + 0.006 * random();
      samples[Math.round(at * rate)] += (random() < 0.5 ? -1 : 1) * 0.5 * 0.75 ** reflection;
    }
  }
  return buffer;
}

/** Two seconds of hiss, to be looped. */
export function noise(context) {
  const buffer = context.createBuffer(1, 2 * context.sampleRate, context.sampleRate);
  const random = chance(1750);
  const samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i += 1) samples[i] = 2 * random() - 1;
  return buffer;
}
