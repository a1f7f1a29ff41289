// A theme: notes typed, tapped on a small keyboard or in a file, with which a movement begins.

import { command, giveTheme, giveThemeFile } from "./api.js";
import { notice } from "./panels.js";

const NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const BLACK = new Set([1, 3, 6, 8, 10]);
const LOWEST = 36; // C2, the lowest note of the cello
const KEYS = 37;
const VALUES = [
  ["1", "whole"],
  ["2", "half"],
  ["4", "quarter"],
  ["8", "eighth"],
  ["16", "sixteenth"],
];
const MOST_BYTES = 262_144;
const LIT = 350; // ms for which a key is lit that was tapped

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const nameOf = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

/** The pitches in typed notes, as far as they can be told without the board. */
export function pitchesIn(text) {
  let octave = 4;
  const found = [];
  for (const match of text.matchAll(/(?<![\w#])([a-g])(##?|bb?)?(-?\d)?(?=[\s,+/|]|$)/gi)) {
    const [, letter, sign = "", digits] = match;
    octave = digits === undefined ? octave : Number(digits);
    const step = { c: 0, d: 2, e: 4, f: 5, g: 7, a: 9, b: 11 }[letter.toLowerCase()];
    const shift = sign.startsWith("#") ? sign.length : -sign.length;
    found.push(12 * (octave + 1) + step + shift);
  }
  return found;
}

/** The section of the page in which a theme is given. */
export default class Theme {
  #notes;
  #said;
  #file;
  #keys = new Map();
  #value = "8";
  #dot = false;
  #chord = false;
  #waiting = null;

  constructor(root) {
    const id = `${root.id}-notes`;
    this.#notes = element("input", {
      id, type: "text", autocomplete: "off", spellcheck: false, maxLength: 2000,
      placeholder: "D4/8 F4 E4 A4 G4 Bb4 A4/4.",
    });
    this.#said = element("p", { className: "quiet", role: "status" });
    this.#file = element("input", {
      type: "file", id: `${root.id}-file`, accept: ".mid,.midi,.musicxml,.xml,.mxl", hidden: true,
    });
    this.#notes.addEventListener("input", () => this.#light(pitchesIn(this.#notes.value)));
    this.#notes.addEventListener("keydown", (event) => event.key === "Enter" && this.#give());
    this.#file.addEventListener("change", () => this.#upload());
    const fieldset = element(
      "fieldset", { className: "theme", disabled: true },
      element("label", { htmlFor: id, textContent: "Notes that the next movement begins with, and comes back to" }),
      this.#notes, this.#keyboard(), this.#values(), this.#buttons(), this.#file, this.#said,
    );
    fieldset.dataset.board = "";
    root.append(fieldset);
  }

  /** Show what waits to be played. */
  hearStatus(status) {
    if (status.theme === this.#waiting) return;
    const begun = this.#waiting && !status.theme;
    this.#waiting = status.theme;
    if (status.theme) this.#said.textContent = `For the next movement: ${status.theme}`;
    else if (begun) this.#said.textContent = "The movement has begun with it.";
  }

  #keyboard() {
    const keys = element("div", { className: "keys", role: "group" });
    keys.setAttribute("aria-label", "Keyboard");
    keys.tabIndex = 0; // It scrolls where it is narrow.
    for (let pitch = LOWEST; pitch < LOWEST + KEYS; pitch += 1) {
      const isBlack = BLACK.has(pitch % 12);
      const key = element("button", { type: "button", className: isBlack ? "key-black" : "key-white" });
      key.setAttribute("aria-label", nameOf(pitch));
      if (pitch % 12 === 0) key.textContent = nameOf(pitch);
      key.addEventListener("click", () => this.#tap(pitch));
      this.#keys.set(pitch, key);
      keys.append(key);
    }
    return keys;
  }

  #values() {
    const group = element("div", { className: "values", role: "group" });
    group.setAttribute("aria-label", "Value of the notes to come");
    const pressed = () => {
      for (const one of group.children) {
        const { value } = one.dataset;
        const isOn = { dot: this.#dot, chord: this.#chord }[value] ?? value === this.#value;
        one.setAttribute("aria-pressed", String(isOn));
      }
    };
    const add = (text, value, title, act) => {
      const button = element("button", { type: "button", className: "plain", textContent: text, title });
      button.dataset.value = value;
      button.setAttribute("aria-label", `${button.textContent}, ${title}`);
      button.addEventListener("click", () => {
        act();
        pressed();
      });
      group.append(button);
    };
    for (const [value, name] of VALUES) add(`1/${value}`, value, `${name} notes`, () => (this.#value = value));
    add("·", "dot", "dotted", () => (this.#dot = !this.#dot));
    add("+", "chord", "together with the note before", () => (this.#chord = !this.#chord));
    pressed();
    return group;
  }

  #buttons() {
    const button = (text, act) => {
      const made = element("button", { type: "button", className: "plain", textContent: text });
      made.addEventListener("click", act);
      return made;
    };
    const give = button("Begin the next movement with it", () => this.#give());
    give.classList.add("give");
    return element(
      "div", { className: "actions" },
      button("Rest", () => this.#put(`r/${this.#length()}`)),
      button("Bar line", () => this.#put("|")),
      button("Back", () => this.#back()),
      give,
      button("Now", async () => (await this.#give()) && this.#send(() => command("next_movement"))),
      button("From a file …", () => this.#file.click()),
    );
  }

  #length() {
    return this.#value + (this.#dot ? "." : "");
  }

  #tap(pitch) {
    const words = this.#notes.value.trim();
    if (this.#chord && words) this.#notes.value = words.replace(/(\/\S*)?$/, (end) => `+${nameOf(pitch)}${end}`);
    else this.#put(`${nameOf(pitch)}/${this.#length()}`);
    this.#light([...pitchesIn(this.#notes.value), pitch]);
    setTimeout(() => this.#light(pitchesIn(this.#notes.value)), LIT);
  }

  #put(word) {
    this.#notes.value = `${this.#notes.value.trim()} ${word}`.trim();
  }

  #back() {
    this.#notes.value = this.#notes.value.trim().replace(/\s*\S+$/, "");
    this.#light(pitchesIn(this.#notes.value));
  }

  /** Marks the keys of the theme, the last one most of all. */
  #light(pitches) {
    const last = pitches.at(-1);
    for (const [pitch, key] of this.#keys) {
      key.classList.toggle("in-theme", pitches.includes(pitch));
      key.classList.toggle("last", pitch === last);
    }
  }

  async #give() {
    return this.#send(() => giveTheme({ notes: this.#notes.value }));
  }

  async #upload() {
    const file = this.#file.files[0];
    this.#file.value = "";
    if (!file) return;
    if (file.size > MOST_BYTES) notice(`${file.name}: at most ${MOST_BYTES.toLocaleString()} bytes are taken.`);
    else await this.#send(() => giveThemeFile(file));
  }

  /** Whether the board took it. */
  async #send(give) {
    try {
      const { about } = await give();
      notice("");
      if (about) this.#said.textContent = `For the next movement: ${about}`;
      return true;
    } catch (refusal) {
      notice(refusal.message);
      return false;
    }
  }
}
