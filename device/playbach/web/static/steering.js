// The section of controls, made once the board has said which there are.

import { get } from "./api.js";
import { Controls } from "./controls.js";

export default class Steering {
  #root;
  #page;
  #controls = null;

  constructor(section, page) {
    this.#page = page;
    this.#root = section.querySelector("#controls");
  }

  async opened() {
    if (this.#controls === null) {
      const table = await get("settings/table");
      this.#controls = new Controls(this.#root, table, get, (settings) => this.#page.change(settings));
    }
    if (this.#page.status) this.hearStatus(this.#page.status);
  }

  hearStatus({ settings, tempo }) {
    this.#controls?.show(settings, tempo);
  }
}
