// What one listener said, kept in this browser until it is taken away.

/** What the page was made with: its excerpts, and how they are played. */
export const SETTINGS = JSON.parse(document.getElementById("survey").textContent);

const hex = (bytes) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** An order of its own for each listener, so that no excerpt is helped by its place. */
function shuffled(ids) {
  const [order, at] = [[...ids], new Uint32Array(1)];
  for (let last = order.length - 1; last > 0; last -= 1) {
    crypto.getRandomValues(at);
    const other = at[0] % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** What one listener said; kept in this browser where it can be. */
export class Answers {
  static #PLACE = `playbach-listening-${SETTINGS.survey}`;

  constructor() {
    const kept = Answers.#kept();
    const ids = SETTINGS.excerpts.map((excerpt) => excerpt.id);
    this.respondent = kept?.respondent ?? hex(8);
    this.order = kept?.order ?? shuffled(ids);
    this.heard = new Set(kept?.heard);
    this.known = new Set(kept?.known);
    this.ratings = new Map(kept?.ratings);
    this.years = kept?.years ?? null;
  }

  static #kept() {
    try {
      return JSON.parse(localStorage.getItem(Answers.#PLACE));
    } catch {
      return null;
    }
  }

  keep() {
    const kept = { ...this, heard: [...this.heard], known: [...this.known], ratings: [...this.ratings] };
    try {
      localStorage.setItem(Answers.#PLACE, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: the answers last as long as the page is open.
    }
  }

  static forget() {
    try {
      localStorage.removeItem(Answers.#PLACE);
    } catch {
      // Nothing was kept.
    }
  }

  /** In the order in which they were shown. */
  toJSON() {
    const rated = this.order.filter((id) => this.ratings.has(id));
    return {
      format: 1,
      survey: SETTINGS.survey,
      respondent: this.respondent,
      years: this.years,
      known: rated.filter((id) => this.known.has(id)),
      ratings: Object.fromEntries(rated.map((id) => [id, this.ratings.get(id)])),
    };
  }
}
