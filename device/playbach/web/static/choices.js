// What can be chosen in menus: for each option its text, and the settings that it stands for.

/** The name of a key as musicians write it; its setting is in ASCII. */
const withSigns = (text) => text.replace(/\b([A-G])b\b/, "$1♭").replace(/\b([A-G])#/, "$1♯");

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const automatic = (row) => ({ text: capital(row.none_means), settings: { [row.name]: null } });

const keys = (row) => [
  automatic(row),
  ...row.choices.map((key) => ({
    text: withSigns(key),
    group: capital(key.split(" ")[1]),
    settings: { key },
  })),
];

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
  { text: "Its own sound on the board", group: "Without a port", settings: { sink: "sound", port: null } },
  { text: "Nothing but this page", group: "Without a port", settings: { sink: "none", port: null } },
];

const inputs = (row, list) => [
  automatic(row),
  ...list
    .filter(({ sink }) => !sink)
    .map(({ name, api }) => ({ text: name, group: api, settings: { [row.name]: name } })),
];

const effects = (row) => [
  automatic(row),
  { text: "Pedal (included)", settings: { effect: "pedal" } },
];

/** By name of setting: how its menu is made, from which list of the board, and of which settings. */
const MENUS = {
  key: { make: keys },
  program: { make: instruments, list: "instruments" },
  bundle: { make: models, list: "models", changes: true },
  effect: { make: effects, changes: true },
  control_in: { make: inputs, list: "ports", changes: true },
  port: { make: ports, list: "ports", changes: true, names: ["sink", "port"] },
};

/** Words that are written otherwise than their setting, which is in ASCII. */
const WRITTEN = { bourree: "Bourrée" };

const words = (row) => [
  automatic(row),
  ...row.choices.map((word) => ({ text: WRITTEN[word] ?? capital(word), settings: { [row.name]: word } })),
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
