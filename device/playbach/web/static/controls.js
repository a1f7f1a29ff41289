// Controls for settings, made from the board's own table of what each of them means and allows.

import { choicesOf } from "./choices.js";
import { fold } from "./folds.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** How numbers of a unit are told, where it is not plainly the number and the unit. */
const TOLD = {
  semitones: (v) => (v ? `${v > 0 ? "+" : "−"}${Math.abs(v)} semitones` : "as written"),
  "felt beats per minute": (v) => `${Math.round(v)} beats a minute`,
};
const plainly = (row) => (v) => `${row.kind === "int" ? v : v.toFixed(2)} ${row.unit}`.trim();
const STEPS = 400;
const SEND_EVERY = 120; // ms between changes sent while a slider moves
const OWN = 1200; // ms for which a control that was just moved is not moved by others

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/** Builds all controls into `root`; `send(settings)` changes them and rejects with the reason. */
export class Controls {
  #send;
  #controls = [];

  constructor(root, table, lists, send) {
    this.#send = send;
    const shown = table.filter((row) => row.label);
    const groups = [...new Set(shown.map((row) => row.group))].map((group) => {
      const rows = shown.filter((row) => row.group === group);
      const title = element("h3", { textContent: capital(group) });
      const fields = element("fieldset", {}, ...rows.map((row) => this.#control(row, lists)));
      fields.dataset.board = "";
      fields.setAttribute("aria-label", title.textContent);
      return fold(element("details", { id: `steer-${group}` }, element("summary", {}, title), fields));
    });
    root.replaceChildren(...groups);
  }

  /** Show the settings that hold; `tempo` is what is heard while the tempo is automatic. */
  show(settings, tempo) {
    for (const control of this.#controls) control.show(settings, tempo);
  }

  #control(row, lists) {
    const choices = choicesOf(row, lists);
    const kind = choices ? select : { bool: toggle, str: text }[row.kind] ?? slider;
    const wrapper = element("div", { className: `control ${kind.name}` });
    wrapper.dataset.setting = row.name;
    const control = kind(row, wrapper, this.#sender(), choices);
    this.#controls.push(control);
    return wrapper;
  }

  /** Sends at most one change at a time, the last one always; none is lost, none piles up. */
  #sender() {
    let waiting = null;
    let busy = false;
    const next = async () => {
      if (busy || waiting === null) return;
      const [settings, failed] = waiting;
      waiting = null;
      busy = true;
      await Promise.all([
        this.#send(settings).catch(failed),
        new Promise((done) => setTimeout(done, SEND_EVERY)),
      ]);
      busy = false;
      next();
    };
    return (settings, failed = () => {}) => {
      waiting = [settings, failed];
      next();
    };
  }
}

/** A number in a range, with a button that hands it back to the music where that is possible. */
function slider(row, wrapper, send) {
  const id = `setting-${row.name}`;
  const log = row.logarithmic;
  const show = TOLD[row.unit] ?? plainly(row);
  const whole = row.kind === "int";
  const [low, high] = log ? [Math.log(row.low), Math.log(row.high)] : [row.low, row.high];
  const step = whole && !log ? 1 : (high - low) / STEPS;
  const input = element("input", { type: "range", id, min: low, max: high, step });
  const output = element("output", { htmlFor: id });
  const label = element("label", { htmlFor: id, textContent: row.label });
  const head = element("div", { className: "head" }, label, output);
  wrapper.append(head, input);
  let touched = -OWN;
  const present = (value, isAutomatic) => {
    output.value = show(value);
    input.setAttribute("aria-valuetext", output.value + (isAutomatic ? ", automatic" : ""));
    input.style.setProperty("--filled", `${(100 * (Number(input.value) - low)) / (high - low)}%`);
  };
  const value = () => {
    const number = log ? Math.exp(Number(input.value)) : Number(input.value);
    const round = whole ? Math.round(number) : Number(number.toPrecision(3));
    return Math.min(Math.max(round, row.low), row.high);
  };
  let automatic = null;
  const touch = (settings) => {
    touched = performance.now();
    send(settings, () => (touched = -OWN));
  };
  input.addEventListener("input", () => {
    present(value(), false);
    automatic?.setAttribute("aria-pressed", "false");
    touch({ [row.name]: value() });
  });
  if (row.none_means) {
    const pill = element("span", { textContent: "Automatic" });
    automatic = element("button", { type: "button", className: "auto" }, pill);
    automatic.title = row.none_means;
    automatic.addEventListener("click", () => {
      automatic.setAttribute("aria-pressed", "true");
      touch({ [row.name]: null });
    });
    automatic.setAttribute("aria-label", `${row.label} automatic: ${row.none_means}`);
    head.append(automatic);
  } else {
    // Where there is no such button, a double click goes back to what holds by default.
    input.addEventListener("dblclick", () => touch({ [row.name]: row.default }));
  }
  describe(row, wrapper, input);
  return {
    show(settings, heard) {
      if (performance.now() - touched < OWN) return;
      const set = settings[row.name];
      const shown = set ?? heard ?? row.low;
      input.value = log ? Math.log(shown) : shown;
      automatic?.setAttribute("aria-pressed", String(set === null));
      present(shown, set === null);
    },
  };
}

function toggle(row, wrapper, send) {
  const id = `setting-${row.name}`;
  const input = element("input", { type: "checkbox", id, role: "switch" });
  wrapper.append(element("label", { htmlFor: id, textContent: row.label }), input);
  let touched = -OWN;
  input.addEventListener("change", () => {
    touched = performance.now();
    send({ [row.name]: input.checked }, () => (touched = -OWN));
  });
  describe(row, wrapper, input);
  return {
    show(settings) {
      if (performance.now() - touched >= OWN) input.checked = settings[row.name];
    },
  };
}

/** Words of one's own; none leave it to the program. */
function text(row, wrapper, send) {
  const id = `setting-${row.name}`;
  const placeholder = capital(row.none_means);
  const input = element("input", { type: "text", id, placeholder, maxLength: 1000, spellcheck: false });
  wrapper.append(element("label", { htmlFor: id, textContent: row.label }), input);
  let last = null;
  const show = (settings) => {
    last = settings;
    if (document.activeElement !== input) input.value = settings[row.name] ?? "";
  };
  input.addEventListener("change", () => {
    send({ [row.name]: input.value.trim() || null }, () => (input.value = last?.[row.name] ?? ""));
  });
  describe(row, wrapper, input);
  return { show };
}

function select(row, wrapper, send, choices) {
  const id = `setting-${row.name}`;
  const menu = element("select", { id });
  wrapper.append(element("label", { htmlFor: id, textContent: row.label }), menu);
  let options = [];
  let touched = -OWN;
  let last = null;
  const fill = (list) => {
    options = list;
    const groups = new Map();
    for (const [index, option] of list.entries()) {
      const into = option.group ?? "";
      if (!groups.has(into)) groups.set(into, []);
      groups.get(into).push(element("option", { value: index, textContent: option.text }));
    }
    const parts = [...groups].flatMap(([label, items]) =>
      label ? [element("optgroup", { label }, ...items)] : items,
    );
    menu.replaceChildren(...parts);
  };
  const show = (settings) => {
    last = settings;
    if (performance.now() - touched < OWN || !options.length) return;
    let index = options.findIndex((option) => holds(option.settings, settings));
    if (index < 0) {
      const settings_ = Object.fromEntries(choices.names.map((name) => [name, settings[name]]));
      fill([...options.filter((option) => !option.isOdd), choices.odd(settings_)]);
      index = options.length - 1;
    }
    if (menu.selectedIndex !== index) menu.value = String(index);
  };
  const load = async () => {
    fill(await choices.load());
    touched = -OWN;
    if (last) show(last);
  };
  menu.addEventListener("change", () => {
    touched = performance.now();
    send(options[Number(menu.value)].settings, () => {
      touched = -OWN;
      show(last);
    });
  });
  if (choices.changes) menu.addEventListener("focus", () => load().catch(() => {}));
  load().catch(() => {});
  describe(row, wrapper, menu);
  return { show };
}

const holds = (wanted, settings) =>
  Object.entries(wanted).every(([name, value]) => settings[name] === value);

/** What a setting does, for those who ask: under the pointer, and for screen readers. */
function describe(row, wrapper, input) {
  wrapper.title = `${capital(row.help)}; heard ${row.takes_effect}`;
  const text = element("span", { className: "unseen", id: `about-${row.name}`, textContent: wrapper.title });
  wrapper.append(text);
  input.setAttribute("aria-describedby", text.id);
}
