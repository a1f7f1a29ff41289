// The section of movements that are kept for good.

import { get, letGo } from "./api.js";
import { notice } from "./panels.js";

/** Said on the document when something is kept, or no longer. */
export const KEPT = "kept";

export default class Kept {
  #section;
  #list;

  constructor(section) {
    this.#section = section;
    this.#list = section.querySelector("#kept");
    document.addEventListener(KEPT, () => this.opened());
  }

  async opened() {
    const kept = await get("kept");
    this.#section.hidden = kept.length === 0;
    this.#list.replaceChildren(...kept.map(row));
  }
}

function link(text, title, href) {
  const made = Object.assign(document.createElement("a"), { href, textContent: text });
  made.setAttribute("aria-label", `${text}: ${title}`);
  return made;
}

function row({ name, title, link: again, file }) {
  const made = document.createElement("li");
  const text = Object.assign(document.createElement("p"), { className: "name", textContent: title });
  const actions = Object.assign(document.createElement("p"), { className: "actions" });
  const midi = link("MIDI", title, file);
  midi.download = "";
  const away = Object.assign(document.createElement("button"), {
    type: "button", className: "plain", textContent: "Let go",
  });
  away.setAttribute("aria-label", `Let go of ${title}`);
  away.addEventListener("click", async () => {
    await letGo(name).catch((refusal) => notice(refusal.message));
    document.dispatchEvent(new Event(KEPT));
  });
  actions.append(...(again ? [link("Again", title, `#${again}`)] : []), midi, away);
  made.append(text, actions);
  return made;
}
