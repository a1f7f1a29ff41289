// The section of movements that were played last, to be kept.

import { get, keep, letGo } from "./api.js";
import { KEPT } from "./kept.js";
import { duration, notice } from "./panels.js";

const EVERY = 10_000; // ms
const AFTER = 1_500; // ms in which the last note of a movement has ended

/** What the page offers of all that the board can write, by suffix. */
const NAMES = { mid: "MIDI", wav: "WAV", musicxml: "MusicXML", pdf: "PDF", png: "PNG" };

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

export default class Recent {
  #list;
  #none;
  #missing;
  #kinds = [];
  #page;
  #title = null;
  /** Rows by number of the movement: one that stays is not made anew, so that its focus stays. */
  #rows = new Map();

  constructor(section, page) {
    this.#page = page;
    this.#list = section.querySelector("#pieces");
    this.#none = section.querySelector("#no-pieces");
    this.#missing = section.querySelector("#missing");
    setInterval(() => this.#load(), EVERY);
    document.addEventListener(KEPT, () => this.#load());
  }

  async opened() {
    const kinds = (await get("kinds")).filter(({ suffix }) => suffix in NAMES);
    this.#kinds = kinds.filter(({ missing }) => !missing);
    this.#missing.textContent = kinds
      .filter(({ missing }) => missing)
      .map(({ suffix, missing }) => `No ${NAMES[suffix]} from this board: ${missing}.`)
      .join(" ");
    this.#rows.clear();
    await this.#load();
  }

  hearStatus({ movement }) {
    const title = movement?.title ?? null;
    if (title !== this.#title) setTimeout(() => this.#load(), AFTER);
    this.#title = title;
  }

  async #load() {
    if (this.#page.isHere) await get("pieces").then((pieces) => this.#show(pieces), () => {});
  }

  #show(pieces) {
    this.#none.hidden = pieces.length > 0;
    const before = this.#rows;
    this.#rows = new Map(pieces.map((piece) => [piece.id, before.get(piece.id) ?? row(piece, this.#kinds)]));
    const rows = [...this.#rows.values()];
    if (rows.some((one, index) => one !== this.#list.children[index])) this.#list.replaceChildren(...rows);
    for (const piece of pieces) {
      const facts = this.#rows.get(piece.id).querySelector(".facts");
      facts.textContent = `${piece.notes} notes, ended ${duration(piece.ended_ago)} ago`;
      const star = this.#rows.get(piece.id).querySelector(".star");
      star.dataset.kept = piece.kept;
      star.textContent = piece.kept ? "★" : "☆";
      star.setAttribute("aria-pressed", String(piece.kept !== ""));
    }
  }
}

/** A movement: its name, when it was, and what it can be had as; a place for more beside these. */
function row(piece, kinds) {
  const { title } = piece.movement;
  const links = kinds.map(({ suffix }) => {
    const href = piece.file.replace(/mid$/, suffix);
    const link = element("a", { href, download: "", textContent: NAMES[suffix] });
    link.setAttribute("aria-label", `${NAMES[suffix]} of ${title}`);
    return link;
  });
  const text = element(
    "div",
    {},
    element("p", { className: "name", textContent: title }),
    element("p", { className: "facts quiet" }),
  );
  const actions = element("p", { className: "actions" }, star(piece), again(piece), ...links);
  const made = element("li", {}, text, actions);
  made.dataset.piece = piece.id;
  return made;
}

/** Keeps a movement for good, or no longer. */
function star({ id, movement }) {
  const made = element("button", { type: "button", className: "star", title: "Keep for good" });
  made.setAttribute("aria-label", `Keep ${movement.title} for good`);
  made.addEventListener("click", async () => {
    const { kept } = made.dataset;
    await (kept ? letGo(kept) : keep(id)).catch((refusal) => notice(refusal.message));
    document.dispatchEvent(new Event(KEPT));
  });
  return made;
}

/** Plays a movement once more; its address can be copied as that of every link. */
function again({ link, movement }) {
  const made = element("a", { href: `#${link}`, textContent: "Again" });
  made.setAttribute("aria-label", `Again: ${movement.title}`);
  return made;
}
