// What can be chosen in menus: for each option its text, and the settings that it stands for.

import { withSigns } from "./signs.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** In the board's one spelling of each. */
const TONICS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

const automatic = (row) => ({ text: capital(row.nothing), settings: { [row.name]: null } });

function keys(row) {
  const options = (mode) =>
    TONICS.map((tonic) => ({
      text: withSigns(`${tonic} ${mode}`),
      group: capital(mode),
      settings: { key: `${tonic} ${mode}` },
    }));
  return [automatic(row), ...options("major"), ...options("minor")];
}

const instruments = (row, list) => [
  automatic(row),
  ...list.map(({ program, name, family }) => ({ text: name, group: family, settings: { program } })),
];

const models = (row, list) =>
  list.map(({ name, bundle }) => ({
    text: bundle === null ? `${name} (included)` : name,
    settings: { bundle },
  }));

const ports = (row, list) => [
  { text: "The likeliest synth", settings: { sink: null, port: null } },
  ...list
    .filter(({ sink }) => sink)
    .map(({ name, api, sink }) => ({ text: name, group: api, settings: { sink, port: name } })),
  { text: "fluidsynth on the board", group: "Without a port", settings: { sink: "fluidsynth", port: null } },
  { text: "Nothing but this page", group: "Without a port", settings: { sink: "none", port: null } },
];

/** By name of setting: how its menu is made, from which list of the board, and of which settings. */
const MENUS = {
  key: { make: keys },
  program: { make: instruments, list: "instruments" },
  bundle: { make: models, list: "models", changes: true },
  port: { make: ports, list: "ports", changes: true, names: ["sink", "port"] },
};

const words = (row) => [
  automatic(row),
  ...row.choices.map((word) => ({ text: capital(word), settings: { [row.name]: word } })),
];

/**
 * The menu of a setting, `null` if it has none.
 * @param {(name: string) => Promise<object[]>} lists  gets a list of the board
 */
export function choicesOf(row, lists) {
  const menu = MENUS[row.name] ?? (row.choices.length ? { make: words } : null);
  if (menu === null) return null;
  const names = menu.names ?? [row.name];
  return {
    names,
    changes: menu.changes ?? false,
    load: async () => menu.make(row, menu.list ? await lists(menu.list) : []),
    /** What holds and is in no list, such as a pattern of names. */
    odd: (settings) => ({
      text: names.map((name) => settings[name]).filter((value) => value !== null).join(": "),
      settings,
      isOdd: true,
    }),
  };
}
