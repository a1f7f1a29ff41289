// The section that says how it goes: synth, runtime, lateness and so on.

import { fold } from "./folds.js";
import { duration, put } from "./panels.js";

const wayOf = (variant) =>
  variant === "edgetpu" ? "Edge TPU" : `processor${variant ? ` (${variant})` : ""}`;

export default class State {
  #list;
  #problem;
  #page;

  constructor(section, page) {
    this.#page = page;
    this.#list = section.querySelector("#state");
    fold(section.querySelector("#how"));
    this.#problem = section.querySelector("#problem");
  }

  hearStatus(status) {
    put(this.#problem, status.problem);
    const rows = this.#rows(status);
    if (this.#list.children.length !== 2 * rows.length) {
      const cells = () => [document.createElement("dt"), document.createElement("dd")];
      this.#list.replaceChildren(...rows.flatMap(cells));
    }
    for (const [index, [name, text]] of rows.entries()) {
      put(this.#list.children[2 * index], name);
      put(this.#list.children[2 * index + 1], text);
    }
  }

  #rows(status) {
    const late = status.lateness;
    return [
      ["Synth", status.connected ? status.sink : `${status.sink}, not there now`],
      ["Timing", status.timing],
      ["Lateness", late ? `${late.p50_ms.toFixed(1)} ms, 99 of 100 messages ${late.p99_ms.toFixed(1)} ms at most` : "nothing played yet"],
      ["Network", `${status.model}, on the ${wayOf(status.variant)}`],
      ["Waits for the composer", status.rests ? `${status.rests}, ${status.rested.toFixed(1)} s` : "none"],
      ["Running for", duration(status.uptime)],
      ["Open pages", String(status.listeners)],
      ["This page", this.#here()],
      ["Version", status.version],
    ];
  }

  #here() {
    const { sound, clock } = this.#page;
    const heard = sound.isOn ? `sounds ${Math.round(1000 * sound.lag)} ms after the board` : "is silent";
    const known = Number.isFinite(clock.uncertainty)
      ? `clock known to ${Math.max(1000 * clock.uncertainty, 0.1).toFixed(1)} ms`
      : "clock not known yet";
    return `${heard}, ${known}`;
  }
}
