// The page of a listening test: excerpts to play and rate, and the way to take the answers away.

import { Answers, SETTINGS } from "./answers.js";
import { Player } from "./player.js";

const MOST_YEARS = 99;
const QUESTION = SETTINGS.question;
const FEW = 5; // excerpts left to rate that are named

const byId = (id) => document.getElementById(id);

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
    const to = SETTINGS.mail.split("@").map(encodeURIComponent).join("@");
    mail.href = `mailto:${to}?subject=${subject}&body=${encodeURIComponent(json)}`;
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
  const legend = element("legend", {}, element("span", { class: "unseen" }, `Excerpt ${number}: `), QUESTION.ask);
  const box = element("fieldset", {}, legend, element("div", { class: "scale" }, ...choices), ends, ...(QUESTION.known ? [known(id)] : []));
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
