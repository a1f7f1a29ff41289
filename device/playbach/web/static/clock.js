// The board's clock as seen from here: all times in seconds.

const KEPT = 16; // answers to pings

/** Seconds of this page's own steady clock. */
export const pageNow = () => performance.now() / 1000;

/**
 * Where the board's clock stands, from pings. Of the last answers the one that took least time says
 * it best, for its error is at most half of that time (Cristian 1989).
 */
export class BoardClock {
  #answers = [];
  #offset = 0;

  /** Whether anything is known yet. */
  isSet = false;

  /** How wrong it may be at most: half a round trip, in seconds. */
  get uncertainty() {
    return Math.min(...this.#answers.map((one) => one.trip)) / 2;
  }

  /** The board said `now` unasked, some time ago: better than nothing, until a ping is answered. */
  guess(now) {
    if (this.#answers.length) return;
    this.#offset = now - pageNow();
    this.isSet = true;
  }

  /** A ping of page time `sent` was answered with the board's `now`; heard at page time `heard`. */
  hear(sent, heard, now) {
    this.isSet = true;
    const trip = Math.max(heard - sent, 0);
    this.#answers.push({ trip, offset: now - (sent + heard) / 2 });
    if (this.#answers.length > KEPT) this.#answers.shift();
    this.#offset = this.#answers.reduce((best, one) => (one.trip < best.trip ? one : best)).offset;
  }

  /** Another board, or the same with a new clock. */
  forget() {
    this.isSet = false;
    this.#answers = [];
  }

  /** The board's time now, or at a page time. */
  now(page = pageNow()) {
    return page + this.#offset;
  }

  /** The page time of a time of the board. */
  toPage(board) {
    return board - this.#offset;
  }
}
