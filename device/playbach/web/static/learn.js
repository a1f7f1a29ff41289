// The section of the controller: what its knobs, pedals and keys do, and how to teach it.

import { get } from "./api.js";
import { put } from "./panels.js";

const COMMANDS = {
  pause: "Pause and play",
  next_movement: "Next movement",
  next_suite: "Next suite",
  again: "Again",
  now: "New form or key now",
  panic: "Silence everything",
};
const GROUPS = ["music", "sound"];

/** Pairs of a name and what it is mapped to, such as `["tempo", "cc 1 on 1"]`. */
const pairs = (controls) => (controls ?? "").split(", ").filter(Boolean).map((one) => one.split("="));

export default class Learn {
  #page;
  #about;
  #list;
  #menu;
  #button;
  #shown = null;
  #numbers = new Set();
  #labels = new Map();
  #learning = null;
  #touches = 0;

  constructor(section, page) {
    const find = (selector) => section.querySelector(selector);
    this.#page = page;
    this.#about = find("#learn-about");
    this.#list = find("#mapped");
    this.#menu = find("#learn-what");
    this.#button = find("#learn");
    this.#button.addEventListener("click", () => this.#begin());
  }

  async opened() {
    const table = await get("settings/table");
    const rows = table.filter((row) => row.label && GROUPS.includes(row.group));
    const turned = rows.filter((row) => row.kind !== "str" || row.choices.length);
    this.#numbers = new Set(turned.filter((row) => !row.choices.length && row.kind !== "bool").map(({ name }) => name));
    this.#labels = new Map([...turned.map(({ name, label }) => [name, label]), ...Object.entries(COMMANDS)]);
    const options = [...this.#labels].map(([value, text]) => new Option(text, value));
    if (!this.#menu.options.length) this.#menu.replaceChildren(...options);
    this.#shown = null;
    if (this.#page.status) this.hearStatus(this.#page.status);
  }

  hearStatus({ settings, touched, touches, control, control_connected: isThere }) {
    const { controls, control_in: port } = settings;
    if (this.#learning && touches > this.#touches) this.#learn(touched, touches);
    this.#touches = touches;
    if (!this.#learning) {
      const heard = isThere ? `Touched last: ${touched || "nothing yet"}` : `${control} is not there now.`;
      put(this.#about, port ? heard : "Choose your controller under Steer, Control.");
    }
    if (controls === this.#shown) return;
    this.#shown = controls;
    this.#list.replaceChildren(...pairs(controls).map((pair) => this.#row(pair)));
  }

  #begin() {
    this.#learning = this.#learning ? null : this.#menu.value;
    put(this.#button, this.#learning ? "Never mind" : "Learn");
    if (this.#learning) put(this.#about, `Now touch what is to be “${this.#labels.get(this.#learning)}” …`);
  }

  #learn(knob, touches) {
    this.#touches = touches;
    const name = this.#learning;
    if (this.#numbers.has(name) && !knob.startsWith("cc ")) {
      put(this.#about, `${knob} cannot be turned: touch a knob or a fader …`);
      return;
    }
    this.#begin();
    const others = pairs(this.#page.status.settings.controls);
    // A knob does one thing, and one knob does it.
    const left = others.filter(([other, mapped]) => other !== name && mapped !== knob);
    this.#change([...left, [name, knob]]);
  }

  #change(mapped) {
    const controls = mapped.map((pair) => pair.join("=")).join(", ");
    this.#page.change({ controls: controls || null }).catch(() => {});
  }

  #row([name, knob]) {
    const made = document.createElement("li");
    const text = Object.assign(document.createElement("p"), { className: "name" });
    text.textContent = this.#labels.get(name) ?? name;
    const facts = Object.assign(document.createElement("p"), { className: "facts quiet", textContent: knob });
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "Forget" });
    away.className = "plain";
    away.setAttribute("aria-label", `Forget ${knob} for ${text.textContent}`);
    away.addEventListener("click", () => {
      this.#change(pairs(this.#page.status.settings.controls).filter(([other]) => other !== name));
    });
    const words = document.createElement("div");
    words.append(text, facts);
    made.append(words, away);
    return made;
  }
}
