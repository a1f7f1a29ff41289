// The score of what plays, a few bars a line, engraved by the board: only while it is looked at.

import { get } from "./api.js";
import { lights } from "./roll.js";

const LOOK_EVERY = 250; // ms
const ASK_EVERY = 1_200; // ms between questions for bars that were not composed yet
const WIDE = 700; // pixels
const STEP = 40; // pixels: pages of almost one width are sent the same pictures
const BRIGHT = 0.15; // of a note that is looked back to, from 0 to 1

/**
 * Bars that stand together, and their picture once there is one.
 * @typedef {object} Line
 * @property {number} first    number of the first bar
 * @property {number} last     of the last one that there is room for
 * @property {number} shown    of the last one that is drawn
 * @property {number} asked    when the board was asked for it, in ms
 * @property {HTMLElement} element
 * @property {[number, SVGGElement][]} measures  with the numbers of their bars
 */

export default class Notation {
  #page;
  #button;
  #box;
  #missing;
  /** @type {Map<number, Line>} by place, from 0 */
  #lines = new Map();
  #title = null;
  #width = 0;
  #perLine = 4;
  #timer = 0;
  #isAsking = false;
  #wakeLock = null;
  #current = null;

  constructor(section, page) {
    this.#page = page;
    this.#button = section.querySelector("#show-notation");
    this.#box = section.querySelector("#notation");
    this.#missing = section.querySelector("#no-notation");
    this.#button.addEventListener("click", () => this.#toggle());
    document.addEventListener("visibilitychange", () => this.isShown && this.#stayAwake());
  }

  get isShown() {
    return !this.#box.hidden;
  }

  async opened() {
    const { missing } = (await get("kinds")).find(({ suffix }) => suffix === "svg");
    this.#button.hidden = missing !== "";
    this.#missing.textContent = missing && `No score from this board: ${missing}.`;
    this.#clear(null);
  }

  /** What was composed ahead may be composed anew. */
  hearWithdrawn() {
    const bar = this.#playing()?.bar ?? 0;
    for (const line of this.#lines.values()) if (line.shown > bar) line.shown = bar;
  }

  #toggle() {
    this.#box.hidden = this.isShown;
    this.#button.setAttribute("aria-expanded", String(this.isShown));
    clearInterval(this.#timer);
    if (this.isShown) this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    this.#stayAwake();
    this.#look();
  }

  /** The screen stays on while the score is read, where browsers allow that. */
  async #stayAwake() {
    if (!this.isShown) {
      await this.#wakeLock?.release();
      this.#wakeLock = null;
    } else if (!document.hidden) {
      this.#wakeLock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    }
  }

  #playing() {
    return this.#page.notes.movementUpTo(this.#page.shown()).at(-1);
  }

  #clear(title) {
    this.#title = title;
    this.#lines.clear();
    this.#current = null;
    this.#box.replaceChildren();
  }

  #look() {
    const playing = this.#playing();
    if (!this.isShown || !playing || document.hidden) return;
    const width = Math.floor(this.#box.clientWidth / STEP) * STEP;
    if (playing.movement !== this.#title || width !== this.#width) this.#clear(playing.movement);
    this.#width = width;
    this.#perLine = width < WIDE ? 2 : 4;
    this.#light(playing);
    if (!this.#isAsking && this.#page.isHere) this.#ask(this.#wanted(playing.bar));
  }

  #place(bar) {
    return Math.floor(Math.max(bar - 1, 0) / this.#perLine);
  }

  /** The line that is wanted most: what plays, what comes next, then what was before. */
  #wanted(bar) {
    const now = this.#place(bar);
    const before = Array.from({ length: now }, (_, index) => now - 1 - index);
    const isWanted = (place) => {
      const line = this.#lines.get(place);
      return !line || (line.shown < line.last && performance.now() - line.asked > ASK_EVERY);
    };
    const coming = bar >= (now + 1) * this.#perLine - 1 ? [now, now + 1] : [now];
    return [...coming, ...before].find(isWanted);
  }

  async #ask(place) {
    if (place === undefined) return;
    const title = this.#title;
    const last = (place + 1) * this.#perLine;
    // A pickup stands with the bars after it.
    const first = place ? last - this.#perLine + 1 : 0;
    this.#isAsking = true;
    try {
      const query = `first=${first}&bars=${last - first + 1}&width=${Math.max(this.#width, 240)}`;
      const said = await get(`bars?${query}`);
      if (said?.movement === title && title === this.#title) this.#draw(place, first, last, said);
    } catch {
      // The page says itself that the board is gone; all else is tried again.
    } finally {
      this.#isAsking = false;
    }
  }

  #draw(place, first, last, { numbers, svg }) {
    const line = this.#lines.get(place) ?? this.#newLine(place, first, last);
    line.asked = performance.now();
    if (!numbers.length || numbers.at(-1) < line.shown) return;
    line.shown = numbers.at(-1);
    line.element.replaceChildren(picture(svg, `Bars ${numbers[0]} to ${numbers.at(-1)}`));
    const found = [...line.element.querySelectorAll("g.measure")];
    for (const measure of found) addGround(measure);
    line.measures = found.map((measure, index) => [numbers[index], measure]);
  }

  #newLine(place, first, last) {
    const element = document.createElement("div");
    const line = { first, last, shown: -1, asked: 0, element, measures: [] };
    this.#lines.set(place, line);
    const following = [...this.#lines].filter(([other]) => other > place);
    const next = following.sort(([one], [other]) => one - other)[0];
    this.#box.insertBefore(element, next ? next[1].element : null);
    return line;
  }

  /** Colour the bar that sounds, and those that the network looks back to. */
  #light({ bar, movement }) {
    const bright = new Map();
    for (const [note, light] of lights(this.#page.notes, this.#page.shown())) {
      if (note.movement === movement) bright.set(note.bar, Math.max(light, bright.get(note.bar) ?? 0));
    }
    for (const line of this.#lines.values()) {
      for (const [number, measure] of line.measures) {
        measure.classList.toggle("now", number === bar);
        measure.classList.toggle("recalled", number !== bar && (bright.get(number) ?? 0) > BRIGHT);
      }
    }
    this.#follow(this.#lines.get(this.#place(bar)));
  }

  /** Scroll the box, and nothing around it, to a line that is new. */
  #follow(line) {
    if (!line?.measures.length || line === this.#current) return;
    this.#current = line;
    const bottom = line.element.offsetTop + line.element.offsetHeight;
    this.#box.scrollTo({ top: bottom - this.#box.clientHeight });
  }
}

/** What the board drew. */
function picture(text, label) {
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return document.importNode(svg, true);
}

/** A rectangle behind a bar, to be coloured. */
function addGround(measure) {
  const lines = [...measure.querySelectorAll("g.staff > path")].map((line) => line.getBBox());
  if (!lines.length) return;
  const { x, width } = lines[0];
  const [high, low] = [lines[0].y, lines.at(-1).y];
  const y = high - (low - high);
  const height = 3 * (low - high);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x, y, width, height })) ground.setAttribute(name, value);
  ground.setAttribute("class", "ground");
  measure.prepend(ground);
}
