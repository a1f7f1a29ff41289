// The section of the suite: what was played, what plays, what comes, and how to go elsewhere in it.

import { command, follow, get } from "./api.js";
import { notice, put } from "./panels.js";

const EVERY = 15_000; // ms
const AFTER = 400; // ms in which a change of movement has become history
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The movement of a title, such as `IV Sarabande`, and its suite, such as `Suite 3 in D minor`. */
const parts = ({ title }) => title.split(/, (.*)/s);

export default class Suite {
  #page;
  #list;
  #wished;
  #asked;
  #place;
  #link = "";
  #seen = "";
  #shown = "";

  constructor(section, page) {
    const find = (selector) => section.querySelector(selector);
    this.#page = page;
    this.#list = find("#suite-list");
    this.#wished = find("#wished");
    this.#asked = find("#asked");
    this.#place = find("#suite-place");
    for (const button of section.querySelectorAll("[data-command]")) {
      button.addEventListener("click", () => this.#do(() => command(button.dataset.command)));
    }
    find("#follow").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#follow(find("#link").value);
    });
    find("#asked-yes").addEventListener("click", () => this.#follow(this.#link));
    find("#asked-no").addEventListener("click", () => this.#ask(""));
    // One of this page's own links was tapped; it can be copied as every link can.
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href^='#play=']");
      if (!link) return;
      event.preventDefault();
      this.#follow(link.hash);
    });
    addEventListener("hashchange", () => this.#askForAddress());
    this.#askForAddress();
    setInterval(() => this.#load(), EVERY);
  }

  opened() {
    return this.#load();
  }

  hearStatus({ movement, settings }) {
    const { form, key } = settings;
    put(this.#place, movement ? `Movement ${movement.number} of seed ${movement.seed}` : "");
    const isNew = movement && ((form && form !== movement.form) || (key && key !== movement.key));
    this.#wished.hidden = !isNew;
    if (isNew) {
      const wishes = [form && capital(form), key && `in ${key}`].filter(Boolean).join(" ");
      put(this.#wished.querySelector("span"), `From the next movement on: ${wishes}`);
    }
    const seen = JSON.stringify([movement?.title, movement?.seed, form, key, settings.meter]);
    if (seen !== this.#seen) setTimeout(() => this.#load(), AFTER);
    this.#seen = seen;
  }

  async #load() {
    if (!this.#page.isHere) return;
    const listed = await get("suite").catch(() => null);
    const text = JSON.stringify(listed);
    // A list that stays is not made anew, so that its focus stays.
    if (listed && text !== this.#shown) this.#list.replaceChildren(...listed.map(row));
    this.#shown = text;
  }

  async #do(asked) {
    try {
      await asked();
    } catch (refusal) {
      notice(refusal.message);
    }
  }

  async #follow(link) {
    this.#ask("");
    await this.#do(async () => {
      const { differences } = await follow(link);
      if (differences.length) notice(`It may be other music than there: ${differences.join("; ")}`);
    });
  }

  /** A link that somebody opened here: nothing is played that was not asked for. */
  #askForAddress() {
    if (!location.hash.startsWith("#play=")) return;
    this.#ask(location.hash);
  }

  #ask(link) {
    this.#link = link;
    this.#asked.hidden = !link;
    if (!link) {
      // Until it is answered the link stays in the address: a page that is still locked loads anew.
      if (location.hash) history.replaceState(null, "", location.pathname);
      return;
    }
    const said = new URLSearchParams(link.slice(1));
    const [seed, number] = said.get("play").split(".");
    const what = [capital(said.get("form") ?? "movement"), said.get("key") && `in ${said.get("key")}`];
    const name = `${what.filter(Boolean).join(" ")} (seed ${seed}, movement ${number})`;
    put(this.#asked.querySelector("span"), `This link plays ${name}`);
    this.#asked.scrollIntoView({ block: "center" });
  }
}

function row({ movement, fate, link }) {
  const [suite, name] = parts(movement);
  const facts = `${movement.key}, ${movement.meter}`;
  const made = document.createElement("li");
  made.dataset.fate = fate;
  if (fate === "playing") made.setAttribute("aria-current", "true");
  const text = document.createElement("p");
  text.className = "name";
  text.textContent = movement.position === 1 && fate === "coming" ? `${suite}, ${name}` : name;
  const more = document.createElement("p");
  more.className = "facts quiet";
  more.textContent = fate === "coming" ? facts : `${facts} · ${fate}`;
  const actions = document.createElement("p");
  actions.className = "actions";
  const play = document.createElement("a");
  play.href = `#${link}`;
  play.textContent = fate === "coming" ? "Play now" : fate === "left out" ? "Play" : "Again";
  play.setAttribute("aria-label", `${play.textContent}: ${name}`);
  play.title = "Seed and number of this movement are in the address of this link";
  actions.append(play);
  const words = document.createElement("div");
  words.append(text, more);
  made.append(words, actions);
  return made;
}
