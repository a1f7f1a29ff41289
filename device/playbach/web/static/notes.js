// The notes of the movement that plays, in the order of their times.

const KEPT = 30; // seconds that a note of an earlier movement is kept
const MOST = 6000; // notes kept

/**
 * @typedef {object} Note
 * @property {number} at          seconds on the board's clock
 * @property {number} duration    seconds
 * @property {number} pitch       MIDI note number
 * @property {number} velocity    1 to 127
 * @property {number} bar         from 1, 0 in a pickup
 * @property {string} movement    title
 * @property {number} [index]     its own number in the movement
 * @property {[number, number][]} [recalls]  numbers and weights of notes that were looked back to
 */

export class Notes {
  /** @type {Note[]} */
  all = [];

  /** Notes that are going to be heard; one that is known already is not added again. */
  add(notes) {
    const fresh = [];
    for (const note of notes) {
      let place = this.all.length;
      while (place > 0 && isBefore(note, this.all[place - 1])) place -= 1;
      const last = this.all[place - 1];
      if (last && last.at === note.at && last.pitch === note.pitch) continue;
      this.all.splice(place, 0, note);
      fresh.push(note);
    }
    this.#prune();
    return fresh;
  }

  /** Those at `after` or later do not come. */
  withdraw(after) {
    this.all.length = this.#place(after);
  }

  clear() {
    this.all = [];
  }

  /** Notes that begin in a span, both ends in seconds of the board's clock. */
  between(from, to) {
    return this.all.slice(this.#place(from), this.#place(to));
  }

  /** Notes of the movement that sounds at a moment, up to that moment. */
  movementUpTo(now) {
    const end = this.#place(now);
    const title = this.all[end - 1]?.movement;
    let start = end;
    while (start > 0 && this.all[start - 1].movement === title) start -= 1;
    return this.all.slice(start, end);
  }

  /** The notes that `note` looks back to, as far as they are known, with their weights. */
  recalledBy(note) {
    if (!note.recalls?.length) return [];
    const found = [];
    for (const [index, weight] of note.recalls) {
      const target = this.#numbered(note.movement, index, note.at);
      if (target) found.push({ note: target, weight });
    }
    return found;
  }

  #numbered(movement, index, before) {
    for (let i = this.#place(before) - 1; i >= 0 && this.all[i].movement === movement; i -= 1) {
      if (this.all[i].index === index) return this.all[i];
    }
    return null;
  }

  /** Where the first note at `at` or later stands. */
  #place(at) {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle].at < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #prune() {
    const last = this.all.at(-1);
    if (!last) return;
    const isOld = (note) => note.movement !== last.movement && note.at < last.at - KEPT;
    let old = Math.max(this.all.length - MOST, 0);
    while (old < this.all.length && isOld(this.all[old])) old += 1;
    if (old) this.all.splice(0, old);
  }
}

const isBefore = (one, other) =>
  one.at < other.at || (one.at === other.at && one.pitch < other.pitch);
