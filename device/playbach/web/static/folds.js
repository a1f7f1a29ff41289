// Folds (`<details>`) that are found as they were left.

/** What this browser keeps for this page; `null` if nothing. */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Where a browser may keep nothing, all is as at first.
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

/** Open a fold if it was left open; it needs an `id`. */
export function fold(details) {
  details.open = remembered(details.id) === "open";
  details.addEventListener("toggle", () => remember(details.id, details.open ? "open" : "shut"));
  return details;
}
