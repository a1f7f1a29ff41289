// The piano roll: the last seconds of the music, scrolling in time with the sound.

import { namesOf } from "./panels.js";

const PIXELS_A_SECOND = { least: 46, most: 96 };
const PLAYHEAD = 0.84; // of the width
const LIGHT = 1.4; // seconds that a note which was looked back to glows
const FAINTEST = 0.04; // weight below which nothing lights up
const LOWEST_SPAN = 24; // semitones shown at least
const PAD = 3; // semitones above and below
const C_NAMES = (pitch) => `C${pitch / 12 - 1}`;

/** Colours of the page's style sheet, by name. */
export function palette(element) {
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "muted", "line", "accent", "glow", "note", "ahead"];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

/** A canvas as sharp as the screen; its context draws in CSS pixels. */
export class Canvas {
  constructor(element) {
    this.element = element;
    this.context = element.getContext("2d");
    this.width = this.height = 0;
    /** Whether its size has changed since it was drawn. */
    this.isStale = true;
    new ResizeObserver(() => (this.isStale = true)).observe(element);
  }

  /** Empty it, for a new picture: only then, so that it is never seen empty. */
  clear() {
    if (this.isStale) this.#fit();
    this.context.clearRect(0, 0, this.width, this.height);
  }

  #fit() {
    this.isStale = false;
    const ratio = Math.min(devicePixelRatio || 1, 3);
    this.width = this.element.clientWidth;
    this.height = this.element.clientHeight;
    this.element.width = Math.round(this.width * ratio);
    this.element.height = Math.round(this.height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
}

/** How strongly each note is lit by those that sound or have just begun: weights 0 to 1. */
export function lights(notes, now) {
  const lit = new Map();
  for (const note of notes.between(now - LIGHT - 4, now)) {
    const since = now - Math.min(note.at + note.duration, note.at + 0.5);
    const fade = since < 0 ? 1 : 1 - since / LIGHT;
    if (fade <= 0) continue;
    for (const { note: target, weight } of notes.recalledBy(note)) {
      const light = weight * fade;
      if (light > FAINTEST) lit.set(target, Math.max(light, lit.get(target) ?? 0));
    }
  }
  return lit;
}

export class Roll {
  #canvas;
  #notes;
  #low = 36;
  #high = 67;
  #isFitted = false;
  #page = 0;
  /** What was drawn last, for whoever asks: board time at the playhead, notes, lit notes, movements that begin. */
  drawn = { now: 0, notes: 0, lit: 0, borders: [] };

  constructor(element, notes) {
    this.#canvas = new Canvas(element);
    this.#notes = notes;
    this.recolour();
  }

  recolour() {
    this.colours = palette(this.#canvas.element);
  }

  /** Draw as of `now`, in seconds of the board's clock; `still` turns pages instead of scrolling. */
  draw(now, still) {
    this.#canvas.clear();
    const { width, height } = this.#canvas;
    if (!width) return;
    const scale = Math.min(Math.max(width / 11, PIXELS_A_SECOND.least), PIXELS_A_SECOND.most);
    const span = width / scale;
    const from = still ? this.#turned(now, span) : now - span * PLAYHEAD;
    const shown = this.#notes.between(from - 6, from + span);
    this.#fitPitches(shown, still);
    const view = {
      x: (at) => (at - from) * scale,
      y: (pitch) => ((this.#high - pitch) / (this.#high - this.#low)) * height,
      row: height / (this.#high - this.#low),
    };
    this.drawn = { now, notes: shown.length, lit: 0, borders: [] };
    this.#octaves(view);
    this.#bars(view, shown);
    this.#playhead(view.x(now), still);
    const lit = lights(this.#notes, now);
    this.#arcs(view, now);
    for (const note of shown) this.#note(view, note, now, lit.get(note) ?? 0);
    this.drawn.lit = lit.size;
  }

  #turned(now, span) {
    if (now < this.#page || now > this.#page + span * 0.95) this.#page = now - span * 0.05;
    return this.#page;
  }

  #fitPitches(shown, still) {
    if (!shown.length) return;
    const pitches = shown.map((note) => note.pitch);
    let low = Math.min(...pitches) - PAD;
    let high = Math.max(...pitches) + PAD;
    const lack = Math.max(LOWEST_SPAN - (high - low), 0) / 2;
    low -= lack;
    high += lack;
    // It follows slowly, so that the picture does not jump with every leap of the melody.
    const ease = still || !this.#isFitted ? 1 : 0.04;
    this.#isFitted = true;
    this.#low += (low - this.#low) * ease;
    this.#high += (high - this.#high) * ease;
  }

  #octaves(view) {
    const { context, width } = this.#canvas;
    context.font = "11px 'Source Sans 3 Variable', sans-serif";
    context.textBaseline = "bottom";
    context.textAlign = "left";
    for (let pitch = Math.ceil(this.#low / 12) * 12; pitch < this.#high; pitch += 12) {
      const y = Math.round(view.y(pitch - 0.5)) + 0.5;
      context.fillStyle = this.colours.line;
      context.fillRect(0, y, width, 1);
      context.fillStyle = this.colours.muted;
      context.fillText(C_NAMES(pitch), 6, y - 1);
    }
  }

  #bars(view, shown) {
    const { context, height } = this.#canvas;
    context.textBaseline = "top";
    let before = null;
    for (const note of shown) {
      if (before && note.movement !== before.movement) this.#border(view.x(note.at) - 2.5, note.movement);
      if (before && note.bar !== before.bar && note.bar > 0) {
        const x = Math.round(view.x(note.at)) - 2.5;
        context.fillStyle = this.colours.line;
        context.fillRect(x, 0, 1, height);
        context.fillStyle = this.colours.muted;
        context.fillText(String(note.bar), x + 4, 5);
      }
      before = note;
    }
  }

  /** Where a movement begins, with its name. */
  #border(x, title) {
    const { context, height } = this.#canvas;
    context.fillStyle = this.colours.muted;
    context.fillRect(Math.round(x), 0, 1, height);
    context.fillStyle = this.colours.ink;
    context.fillText(namesOf(title).movement, Math.round(x) + 4, 20);
    this.drawn.borders.push(title);
  }

  #playhead(x, still) {
    const { context, height } = this.#canvas;
    if (still) return;
    context.fillStyle = this.colours.accent;
    context.globalAlpha = 0.35;
    context.fillRect(Math.round(x), 0, 1, height);
    context.globalAlpha = 1;
  }

  #arcs(view, now) {
    const { context } = this.#canvas;
    context.strokeStyle = this.colours.glow;
    for (const note of this.#notes.between(now - 1, now)) {
      const fade = 1 - (now - note.at);
      for (const { note: target, weight } of this.#notes.recalledBy(note)) {
        if (weight * fade < FAINTEST) continue;
        const [x0, y0] = [view.x(target.at), view.y(target.pitch)];
        const [x1, y1] = [view.x(note.at), view.y(note.pitch)];
        context.globalAlpha = Math.min(weight * fade, 1) * 0.7;
        context.lineWidth = 0.75 + 1.5 * weight;
        context.beginPath();
        context.moveTo(x0, y0);
        context.quadraticCurveTo((x0 + x1) / 2, Math.min(y0, y1) - 30 - (x1 - x0) / 12, x1, y1);
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  #note(view, note, now, light) {
    const { context } = this.#canvas;
    const high = Math.min(Math.max(view.row * 0.78, 3.5), 11);
    const x = view.x(note.at);
    const wide = Math.max(view.x(note.at + note.duration) - x - 1, 3);
    const y = view.y(note.pitch) - high / 2;
    const sounds = note.at <= now && now < note.at + note.duration;
    const { accent, ahead, glow, note: past } = this.colours;
    context.fillStyle = sounds ? accent : note.at > now ? ahead : past;
    this.#bar(x, y, wide, high);
    if (light) {
      context.fillStyle = context.shadowColor = glow;
      context.globalAlpha = Math.min(0.35 + light, 1);
      context.shadowBlur = 14 * light + 4;
      this.#bar(x, y, wide, high);
      context.shadowBlur = 0;
      context.globalAlpha = 1;
    }
  }

  #bar(x, y, wide, high) {
    const { context } = this.#canvas;
    context.beginPath();
    context.roundRect(x, y, wide, high, high / 2.6);
    context.fill();
  }
}

/** The whole movement so far in a strip, so that far memories can be seen too. */
export class Overview {
  #canvas;
  #notes;

  constructor(element, notes) {
    this.#canvas = new Canvas(element);
    this.#notes = notes;
    this.recolour();
  }

  get isStale() {
    return this.#canvas.isStale;
  }

  recolour() {
    this.colours = palette(this.#canvas.element);
  }

  draw(now) {
    this.#canvas.clear();
    const { context, width, height } = this.#canvas;
    const notes = this.#notes.movementUpTo(now);
    if (!width || !notes.length) return;
    const start = notes[0].at;
    const scale = width / Math.max(now - start, 30);
    const pitches = notes.map((note) => note.pitch);
    const low = Math.min(...pitches) - 1;
    const high = Math.max(...pitches) + 1;
    const lit = lights(this.#notes, now);
    const bar = (note, high_, colour, alpha) => {
      context.fillStyle = colour;
      context.globalAlpha = alpha;
      const y = ((high - note.pitch) / (high - low)) * (height - high_);
      context.fillRect((note.at - start) * scale, y, Math.max(note.duration * scale, 1.2), high_);
    };
    for (const note of notes) bar(note, 1.5, this.colours.note, 0.8);
    for (const [note, light] of lit) bar(note, 3.5, this.colours.glow, Math.min(0.4 + light, 1));
    context.globalAlpha = 1;
    context.fillStyle = this.colours.accent;
    context.fillRect(Math.min((now - start) * scale, width - 1), 0, 1, height);
  }
}
