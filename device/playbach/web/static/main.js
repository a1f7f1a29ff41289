// The page: puts its parts together, and draws them as time goes on.

import * as api from "./api.js";
import { BoardClock, pageNow } from "./clock.js";
import { Controls } from "./controls.js";
import { Listening } from "./listening.js";
import { Notes } from "./notes.js";
import { notice, showConnection, showPieces, showPlaying, showState } from "./panels.js";
import { Overview, Roll } from "./roll.js";
import { Stream } from "./stream.js";

const PIECES_EVERY = 10_000; // ms
const PIECES_AFTER = 1_500; // ms in which the last note of a movement has ended
const STILL_EVERY = 0.25; // seconds between pictures where motion is not wanted
const OVERVIEW_EVERY = 0.2; // seconds
const byId = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

class Page {
  clock = new BoardClock();
  notes = new Notes();
  sound = new Listening();
  roll = new Roll(byId("roll"), this.notes);
  overview = new Overview(byId("whole"), this.notes);
  status = null;
  #controls = null;
  #stream = new Stream(this, this.clock);
  #drawn = 0;
  #overviewDrawn = 0;
  #title = null;

  /** The time of the board that is seen and heard here now. */
  shown() {
    return this.clock.now(pageNow() - this.sound.lag);
  }

  async begin() {
    this.#listenToButtons();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.roll.recolour();
      this.overview.recolour();
    });
    setInterval(() => this.#loadPieces(), PIECES_EVERY);
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
    try {
      if (this.#controls === null) await this.#buildControls();
      this.#enable(true);
      if (this.status) this.#controls.show(this.status.settings, this.status.tempo);
    } catch (refusal) {
      notice(refusal.message);
    }
    this.#loadPieces();
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
    this.#controls?.show(said.settings, said.tempo);
    this.sound.follow(said.settings);
    if (said.transport !== "playing") this.sound.silence();
    showState(said, this.#ownState());
    const title = said.movement?.title ?? null;
    if (title !== this.#title) setTimeout(() => this.#loadPieces(), PIECES_AFTER);
    this.#title = title;
  }

  hearNotes({ notes }) {
    const fresh = this.notes.add(notes);
    this.sound.take(fresh, (board) => this.clock.toPage(board));
  }

  hearWithdrawn(said) {
    this.notes.withdraw(said.after);
    this.sound.withdraw(said.after);
  }

  // What is asked here.

  #listenToButtons() {
    byId("play").addEventListener("click", () => this.#toggle());
    byId("next").addEventListener("click", () => this.#command("next_movement"));
    byId("panic").addEventListener("click", () => this.#command("panic"));
    byId("listen").addEventListener("click", () => this.#listen());
    addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target !== document.body) return;
      event.preventDefault();
      this.#toggle();
    });
  }

  #enable(enabled) {
    for (const name of ["play", "next", "panic"]) byId(name).disabled = !enabled;
    if (this.#controls) this.#controls.enabled = enabled;
  }

  #toggle() {
    this.#command(this.status?.transport === "playing" ? "pause" : "play");
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
    byId("listen").setAttribute("aria-pressed", String(sound.isOn));
    byId("listen-text").textContent = sound.isOn ? "Listening" : "Listen here";
    if (!sound.isOn) return;
    if (this.status) sound.follow(this.status.settings);
    // Those that are known and still to come.
    this.sound.take(this.notes.between(this.clock.now(), Infinity), (board) => this.clock.toPage(board));
  }

  async #buildControls() {
    const table = await api.get("settings/table");
    this.#controls = new Controls(byId("controls"), table, api.get, async (settings) => {
      try {
        const settings_ = await api.change(settings);
        if (this.status) this.status.settings = settings_;
      } catch (refusal) {
        notice(refusal.message);
        throw refusal;
      }
    });
  }

  async #loadPieces() {
    if (!this.#stream.isOpen) return;
    await api.get("pieces").then(showPieces, () => {});
  }

  #ownState() {
    const { sound, clock } = this;
    const heard = sound.isOn ? `sounds ${Math.round(1000 * sound.lag)} ms after the board` : "is silent";
    const known = Number.isFinite(clock.uncertainty)
      ? `clock known to ${Math.max(1000 * clock.uncertainty, 0.1).toFixed(1)} ms`
      : "clock not known yet";
    return `${heard}, ${known}`;
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
page.begin();
