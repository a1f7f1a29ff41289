// Keys that steer, the same as in the terminal; who needs the keys for something else turns them off.

import { remember, remembered } from "./folds.js";

const byId = (id) => document.getElementById(id);
const OFF = "keys";

/** @param {Record<string, () => void>} keys  what each key does */
export function listenToKeys(keys) {
  const dialog = byId("keys");
  const toggle = byId("keys-on");
  toggle.checked = remembered(OFF) !== "off";
  toggle.addEventListener("change", () => remember(OFF, toggle.checked ? "on" : "off"));
  byId("show-keys").addEventListener("click", () => dialog.showModal());
  const all = { ...keys, "?": () => dialog.showModal() };
  addEventListener("keydown", (event) => {
    const act = all[event.key];
    if (!act || !toggle.checked || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isTakenBy(event.target, event.key) || dialog.open) return;
    event.preventDefault();
    act();
  });
}

/** Whether an element has a use of its own for a key. */
function isTakenBy(element, key) {
  if (element.matches("select, textarea, [contenteditable], input:not([type=range], [type=checkbox])")) return true;
  return key === " " && element !== document.body && element.matches("button, input, summary, a, [tabindex]");
}
