// The listening test: excerpts to play and rate, answers that stay here until they are taken away.

const SETTINGS = JSON.parse(document.getElementById("survey").textContent);
const AHEAD = 2.5; // seconds of notes handed to the audio clock before they are due
const LEAD = 0.15; // seconds from the tap to the first note
const MOST_YEARS = 99;
const FEW = 5;

const byId = (id) => document.getElementById(id);

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
class Answers {
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

/** Notes on the audio clock, a little ahead of when they are due. */
class Notes {
  #context;
  #timer;
  #start;
  #fader;

  constructor(context) {
    this.#context = context;
  }

  async start({ notes, length }) {
    const context = this.#context;
    await context.resume();
    // One instrument for each excerpt, so that no echo of the last is heard in it.
    const instrument = new Instrument(context);
    const fader = context.createGain();
    this.#fader = fader;
    instrument.output.connect(fader).connect(context.destination);
    const start = context.currentTime + LEAD;
    this.#start = start;
    const end = start + length / 1000;
    fader.gain.setValueAtTime(1, end - SETTINGS.fade / 1000);
    fader.gain.linearRampToValueAtTime(0, end);
    const voice = voiceOf(SETTINGS.program);
    let next = 0;
    const schedule = () => {
      while (next < notes.length && start + notes[next][0] / 1000 < context.currentTime + AHEAD) {
        const [at, lasts, pitch] = notes[next];
        const note = { pitch, velocity: SETTINGS.velocity, duration: lasts / 1000 };
        instrument.play(voice, note, start + at / 1000);
        next += 1;
      }
    };
    schedule();
    this.#timer = setInterval(schedule, 250);
  }

  /** Seconds since the first note. */
  get position() {
    return this.#start === undefined ? 0 : Math.max(this.#context.currentTime - this.#start, 0);
  }

  stop() {
    clearInterval(this.#timer);
    const fader = this.#fader;
    if (!fader) return;
    const now = this.#context.currentTime;
    fader.gain.cancelScheduledValues(now);
    fader.gain.setTargetAtTime(0, now, 0.02);
    setTimeout(() => fader.disconnect(), 300);
  }
}

/** A sound file beside the page. */
class Recording {
  #audio = new Audio();

  async start({ sound }) {
    this.#audio.src = sound;
    await this.#audio.play();
  }

  get position() {
    return this.#audio.currentTime;
  }

  stop() {
    this.#audio.pause();
  }
}

/** At most one excerpt sounds. */
class Player {
  #context = null;
  #now = null;

  /** @param {(share: number) => void} onProgress  from 0 to 1 @param {() => void} onEnd */
  async play(excerpt, onProgress, onEnd) {
    this.stop();
    this.#context ??= excerpt.notes && new AudioContext();
    const sound = excerpt.notes ? new Notes(this.#context) : new Recording();
    const now = { sound, onEnd };
    this.#now = now;
    await sound.start(excerpt);
    // Another may have been started, or this one stopped, while the sound was made ready.
    if (this.#now !== now) return sound.stop();
    const length = excerpt.length / 1000;
    const follow = () => {
      if (this.#now !== now) return;
      onProgress(Math.min(sound.position / length, 1));
      if (sound.position > length - 0.05) this.stop();
      else requestAnimationFrame(follow);
    };
    follow();
  }

  stop() {
    const now = this.#now;
    this.#now = null;
    now?.sound.stop();
    now?.onEnd();
  }
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function icon() {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  for (const [name, d] of [["start", "M8 5.2v13.6L19 12z"], ["stop", "M6.5 6.5h11v11h-11z"]]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", name);
    path.setAttribute("d", d);
    made.append(path);
  }
  return made;
}

const answers = new Answers();
const player = new Player();

function changed() {
  answers.keep();
  const json = JSON.stringify(answers);
  const [rated, all] = [answers.ratings.size, answers.order.length];
  const open = answers.order.flatMap((id, at) => (answers.ratings.has(id) ? [] : [at + 1]));
  const which = open.length > FEW ? "" : `; open: ${open.join(", ")}`;
  byId("status").textContent =
    rated === all ? `All ${all} are rated. Thank you!` : `${rated} of ${all} are rated${which}.`;
  byId("results").value = json;
  byId("download").disabled = byId("copy").disabled = rated === 0;
  const mail = byId("mail");
  mail.hidden = !SETTINGS.mail || rated === 0;
  if (!mail.hidden) {
    const subject = encodeURIComponent(`Listening test ${SETTINGS.survey}`);
    mail.href = `mailto:${encodeURIComponent(SETTINGS.mail)}?subject=${subject}&body=${encodeURIComponent(json)}`;
  }
}

function scale(id, number) {
  const choices = Array.from({ length: 11 }, (_, rating) => {
    const input = element("input", { type: "radio", name: id, value: rating });
    input.checked = answers.ratings.get(id) === rating;
    input.addEventListener("change", () => {
      answers.ratings.set(id, rating);
      changed();
    });
    const end = { 0: " computer", 10: " human" }[rating] ?? "";
    const name = element("span", { class: "unseen" }, end);
    return element("label", {}, input, element("span", {}, String(rating), name));
  });
  const ends = element("div", { class: "ends", "aria-hidden": "true" }, element("span", {}, "computer"), element("span", {}, "human"));
  const legend = element("legend", {}, element("span", { class: "unseen" }, `Excerpt ${number}: `), "Who wrote it?");
  const box = element("fieldset", {}, legend, element("div", { class: "scale" }, ...choices), ends, known(id));
  box.disabled = !answers.heard.has(id);
  return box;
}

function known(id) {
  const input = element("input", { type: "checkbox" });
  input.checked = answers.known.has(id);
  input.addEventListener("change", () => {
    answers.known[input.checked ? "add" : "delete"](id);
    changed();
  });
  return element("label", { class: "known" }, input, "I know this piece");
}

function card(excerpt, number) {
  const button = element("button", { class: "play", type: "button" }, icon());
  const bar = element("div", {});
  const rating = scale(excerpt.id, number);
  const show = (playing) => {
    button.toggleAttribute("data-playing", playing);
    button.setAttribute("aria-label", `${playing ? "Stop" : "Play"} excerpt ${number}`);
    if (!playing) bar.style.transform = "";
  };
  show(false);
  button.addEventListener("click", () => {
    if (button.hasAttribute("data-playing")) return player.stop();
    const ready = player.play(
      excerpt,
      (share) => (bar.style.transform = `scaleX(${share})`),
      () => show(false),
    );
    show(true);
    answers.heard.add(excerpt.id);
    rating.disabled = false;
    changed();
    return ready.catch((error) => {
      player.stop();
      byId("notice").textContent = `This browser does not play it: ${error.message}`;
    });
  });
  const track = element("div", { class: "track", "aria-hidden": "true" }, bar);
  const head = element("div", { class: "head" }, button, element("h2", {}, `Excerpt ${number}`), track);
  return element("li", { class: "excerpt" }, head, rating);
}

async function copy() {
  const results = byId("results");
  try {
    await navigator.clipboard.writeText(results.value);
  } catch {
    // Pages that come over plain HTTP have no clipboard but this.
    results.closest("details").open = true;
    results.select();
    document.execCommand("copy");
  }
  byId("done").textContent = "Copied.";
}

function download() {
  const url = URL.createObjectURL(new Blob([byId("results").value], { type: "application/json" }));
  const link = element("a", { href: url, download: `answers-${answers.respondent}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  byId("done").textContent = "Saved among your downloads. Thank you!";
}

function begin() {
  const all = answers.order.length;
  const seconds = Math.round(Math.max(...SETTINGS.excerpts.map((one) => one.length)) / 1000);
  byId("count").textContent = `${all} short excerpts of about ${seconds} seconds`;
  const byName = new Map(SETTINGS.excerpts.map((excerpt) => [excerpt.id, excerpt]));
  byId("excerpts").append(...answers.order.map((id, at) => card(byName.get(id), at + 1)));
  const years = byId("years");
  years.value = answers.years ?? "";
  years.addEventListener("change", () => {
    const given = years.valueAsNumber;
    answers.years = Number.isInteger(given) && given >= 0 && given <= MOST_YEARS ? given : null;
    years.value = answers.years ?? "";
    changed();
  });
  byId("download").addEventListener("click", download);
  byId("copy").addEventListener("click", copy);
  byId("clear").addEventListener("click", () => {
    if (!confirm("Forget these answers and begin anew?")) return;
    Answers.forget();
    location.reload();
  });
  changed();
}

begin();
