// The page: puts its parts together, and draws them as time goes on.

import * as api from "./api.js";
import { BoardClock, pageNow } from "./clock.js";
import { listenToKeys } from "./keys.js";
import { Listening } from "./listening.js";
import { MediaControls } from "./media.js";
import { Notes } from "./notes.js";
import { namesOf, notice, showConnection, showPlan, showPlaying } from "./panels.js";
import { Overview, Roll } from "./roll.js";
import { Stream } from "./stream.js";

const STILL_EVERY = 0.25; // seconds between pictures where motion is not wanted
const OVERVIEW_EVERY = 0.2; // seconds
const FASTER = 1.05; // as in the terminal
const byId = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * A section of the page: an element of index.html with `data-module`, the module that is its part.
 * The module's default export is made of the element and the page. What needs the board has
 * `data-board` in the HTML and is disabled while that is gone.
 * @typedef {object} Part
 * @property {() => Promise<void> | void} [opened]  the board is there (again) and can be asked
 * @property {(said: object) => void} [hearStatus]  how things are, as of `GET status`
 * @property {(said: object) => void} [hearWithdrawn]  notes that were told of do not come
 */
const sections = () => [...document.querySelectorAll("[data-module]")];

class Page {
  clock = new BoardClock();
  notes = new Notes();
  sound = new Listening();
  roll = new Roll(byId("roll"), this.notes);
  overview = new Overview(byId("whole"), this.notes);
  media = new MediaControls({
    play: () => this.#command("play"),
    pause: () => this.#command("pause"),
    nexttrack: () => this.#command("next_movement"),
  });
  status = null;
  /** @type {Part[]} */
  #parts = [];
  #stream = new Stream(this, this.clock);
  #drawn = 0;
  #overviewDrawn = 0;

  /** The time of the board that is seen and heard here now. */
  shown() {
    return this.clock.now(pageNow() - this.sound.lag);
  }

  /** Whether the board is there. */
  get isHere() {
    return this.#stream.isOpen;
  }

  async begin() {
    this.#listenToButtons();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.roll.recolour();
      this.overview.recolour();
    });
    this.#parts = await Promise.all(sections().map(async (section) => {
      const { default: Part } = await import(`./${section.dataset.module}`);
      return new Part(section, this);
    }));
    try {
      await api.login();
    } catch (refusal) {
      notice(refusal.message);
    }
    this.#stream.open();
    requestAnimationFrame(() => this.#draw());
  }

  // What the stream tells.

  async opened() {
    this.notes.clear();
    this.sound.silence();
    showConnection("here");
    notice("");
    // What is there steers at once; what the parts are still to show does when they have it.
    this.#enable(true);
    const opened = await Promise.allSettled(this.#parts.map((part) => part.opened?.()));
    for (const { reason } of opened) if (reason) notice(reason.message);
    this.#enable(this.isHere);
  }

  async gone() {
    this.sound.silence();
    this.#enable(false);
    const refusal = await api.get("status").then(() => null, (reason) => reason);
    if (refusal?.status === 401) showConnection("locked");
    else if (refusal?.status === 0) showConnection("gone");
    else if (refusal) notice(refusal.message);
  }

  hearStatus(said) {
    this.status = said;
    this.clock.guess(said.now);
    showPlaying(said);
    showPlan(said);
    this.media.show(namesOf(said.movement?.title), said.transport);
    const isPlaying = said.transport === "playing";
    this.sound.follow(said.settings, isPlaying);
    if (!isPlaying && said.resting) this.sound.silence();
    for (const part of this.#parts) part.hearStatus?.(said);
  }

  hearNotes({ notes }) {
    const fresh = this.notes.add(notes);
    this.sound.take(fresh, (board) => this.clock.toPage(board));
  }

  hearWithdrawn(said) {
    this.notes.withdraw(said.after);
    this.sound.withdraw(said.after);
    for (const part of this.#parts) part.hearWithdrawn?.(said);
  }

  // What is asked here.

  #listenToButtons() {
    byId("admit").addEventListener("submit", (event) => {
      event.preventDefault();
      // A whole link will do: its token stands after the last "#".
      const token = byId("token").value.trim().split("#").at(-1);
      api.admit(token).then(() => location.reload(), (refusal) => notice(refusal.message));
    });
    byId("play").addEventListener("click", () => this.#toggle());
    byId("next").addEventListener("click", () => this.#command("next_movement"));
    byId("panic").addEventListener("click", () => {
      this.sound.silence();
      this.#command("panic");
    });
    byId("listen").addEventListener("click", () => this.#listen());
    listenToKeys({
      " ": () => this.#toggle(),
      n: () => this.#command("next_movement"),
      s: () => this.#command("next_suite"),
      a: () => this.#command("again"),
      "+": () => this.#pace(FASTER),
      "=": () => this.#pace(FASTER),
      "-": () => this.#pace(1 / FASTER),
    });
  }

  #enable(enabled) {
    for (const one of document.querySelectorAll("[data-board]")) one.disabled = !enabled;
  }

  #pace(by) {
    if (!this.status?.tempo) return;
    const { settings } = this.status;
    const tempo = Number(((settings.tempo ?? this.status.tempo) * by).toPrecision(3));
    // At once, so that quick strokes add up.
    settings.tempo = tempo;
    this.change({ tempo }).catch(() => {});
  }

  #toggle() {
    this.#command(this.status?.transport === "playing" ? "pause" : "play");
  }

  /** Change settings of the board; says and throws the reason why not. */
  async change(settings) {
    try {
      const changed = await api.change(settings);
      if (this.status) this.status.settings = changed;
    } catch (refusal) {
      notice(refusal.message);
      throw refusal;
    }
  }

  async #command(name) {
    try {
      this.hearStatus(await api.command(name));
    } catch (refusal) {
      notice(refusal.message);
    }
  }

  async #listen() {
    const { sound } = this;
    try {
      await (sound.isOn ? sound.stop() : sound.start());
    } catch (error) {
      await sound.stop();
      notice(`This browser makes no sound: ${error.message}`);
    }
    if (sound.isOn) this.media.start();
    else this.media.stop();
    byId("listen").setAttribute("aria-pressed", String(sound.isOn));
    byId("listen-text").textContent = sound.isOn ? "Listening" : "Listen here";
    if (!sound.isOn) return;
    if (this.status) sound.follow(this.status.settings);
    // Those that are known and still to come.
    this.sound.take(this.notes.between(this.clock.now(), Infinity), (board) => this.clock.toPage(board));
  }

  #draw() {
    const now = pageNow();
    if (this.clock.isSet && (!calm.matches || now - this.#drawn > STILL_EVERY)) {
      this.#drawn = now;
      this.roll.draw(this.shown(), calm.matches);
    }
    const isDue = this.overview.isStale || now - this.#overviewDrawn > OVERVIEW_EVERY;
    if (this.clock.isSet && isDue) {
      this.#overviewDrawn = now;
      this.overview.draw(this.shown());
    }
    requestAnimationFrame(() => this.#draw());
  }
}

export const page = new Page();
// For a browser's console, and for what steers a browser from outside.
globalThis.page = page;
page.begin();
