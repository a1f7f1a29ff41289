// Texts of the page: what plays, whether the board is there, what went wrong.

const byId = (id) => document.getElementById(id);

export function put(node, text) {
  // A text that stays is not written again: screen readers would read it again.
  if (node.textContent !== text) node.textContent = text;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Such as `2 d 3 h`, `5 min`, `12 s`. */
export function duration(seconds) {
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) {
    return `${Math.floor(seconds / HOUR)} h ${Math.floor((seconds % HOUR) / MINUTE)} min`;
  }
  return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`;
}

/** A title as it is shown: `Suite 3 in D minor`, `IV Sarabande`; both empty without one. */
export function namesOf(title) {
  const [suite, ...rest] = (title ?? "").split(", ");
  return { suite, movement: rest.join(", ") };
}

/** What is heard. */
export function showPlaying(status) {
  const { suite, movement } = namesOf(status.movement?.title);
  put(byId("suite"), suite || "Composing …");
  put(byId("movement"), movement || "Play Bach");
  put(byId("bar"), status.movement ? (status.bar ? `bar ${status.bar}` : "pickup") : "");
  put(byId("meter"), status.movement?.meter ?? "");
  put(byId("pace"), status.movement ? `${Math.round(status.tempo)} beats a minute` : "");
  put(byId("rest"), status.transport === "playing" ? status.resting : status.transport);
  document.title = movement ? `${movement} · ${suite} — Play Bach` : "Play Bach";
  document.documentElement.dataset.transport = status.transport;
  byId("play").setAttribute("aria-label", status.transport === "playing" ? "Pause" : "Play");
}

/** The bar of the plan that is heard where each part is played twice. */
function unrepeated(bar, first, all) {
  if (!first || bar <= first) return bar;
  const once = bar - first;
  return once > all ? once - (all - first) : once;
}

let planned = "";

/** What was planned, a mark a bar: keys, closes, the double bar, bars like earlier ones. */
export function showPlan(status) {
  const { plan } = status;
  const strip = byId("plan");
  strip.hidden = !plan;
  if (!plan) return;
  const text = JSON.stringify(plan);
  if (text !== planned) strip.replaceChildren(...planMarks(plan));
  planned = text;
  const bars = plan.like.length;
  const keys = plan.keys.map((region) => `${region.key} from bar ${region.bar}`).join(", ");
  strip.setAttribute("aria-label", `The plan of the movement: ${bars} bars, ${keys}`);
  const bar = status.settings.repeats ? unrepeated(status.bar, plan.double_bar, bars) : status.bar;
  for (const [index, mark] of [...strip.children].entries()) {
    mark.classList.toggle("now", index + 1 === bar);
  }
}

function planMarks(plan) {
  let region = null;
  return plan.like.map((like, index) => {
    const number = index + 1;
    const begins = plan.keys.find((one) => one.bar === number);
    region = begins ?? region;
    const mark = document.createElement("span");
    mark.title = `bar ${number}: ${region.key}${like ? `, like bar ${like}` : ""}`;
    mark.dataset.key = begins ? begins.key : "";
    mark.classList.toggle("away", region.key !== plan.keys[0].key);
    mark.classList.toggle("like", like > 0);
    mark.classList.toggle("closes", plan.closes.includes(number));
    mark.classList.toggle("double", number === plan.double_bar);
    return mark;
  });
}

/** Whether the board is there: `here`, `gone`, or `locked` without its link. */
export function showConnection(state) {
  document.documentElement.dataset.connection = state;
  const texts = {
    here: "Connected",
    gone: navigator.onLine === false
      ? "This device is offline. Waiting …"
      : "The board does not answer. Trying again …",
    locked: "Not admitted",
  };
  put(byId("connection"), texts[state]);
  byId("locked").hidden = state !== "locked";
  byId("page").hidden = state === "locked";
}

let noticeTimer = 0;

/** One line about what went wrong, for a while. */
export function notice(text) {
  clearTimeout(noticeTimer);
  put(byId("notice"), text);
  if (text) noticeTimer = setTimeout(() => notice(""), 8000);
}
