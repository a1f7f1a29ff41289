// Texts of the page: what plays, what was played, how it goes.

import { withSigns } from "./signs.js";

const byId = (id) => document.getElementById(id);

function put(node, text) {
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

const wayOf = (variant) =>
  variant === "edgetpu" ? "Edge TPU" : `processor${variant ? ` (${variant})` : ""}`;

/** What is heard. */
export function showPlaying(status) {
  const title = withSigns(status.movement?.title ?? "");
  const [suite, ...rest] = title.split(", ");
  const movement = rest.join(", ");
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

/** Synth, runtime, lateness and so on. */
export function showState(status, listening) {
  const late = status.lateness;
  const rows = [
    ["Synth", status.connected ? status.sink : `${status.sink}, not there now`],
    ["Timing", status.timing],
    ["Lateness", late ? `${late.p50_ms.toFixed(1)} ms, at most ${late.max_ms.toFixed(1)} ms` : "nothing played yet"],
    ["Network", `${status.model}, on the ${wayOf(status.variant)}`],
    ["Waits for the composer", status.rests ? `${status.rests}, ${status.rested.toFixed(1)} s` : "none"],
    ["Running for", duration(status.uptime)],
    ["Open pages", String(status.listeners)],
    ["This page", listening],
    ["Version", status.version],
  ];
  if (status.problem) rows.unshift(["Problem", status.problem]);
  const list = byId("state");
  if (list.children.length !== 2 * rows.length) {
    const cells = () => [document.createElement("dt"), document.createElement("dd")];
    list.replaceChildren(...rows.flatMap(cells));
  }
  for (const [index, [name, text]] of rows.entries()) {
    put(list.children[2 * index], name);
    put(list.children[2 * index + 1], text);
  }
}

/** Movements played last. */
export function showPieces(pieces) {
  byId("no-pieces").hidden = pieces.length > 0;
  const items = pieces.map((piece) => {
    const link = document.createElement("a");
    link.href = piece.file;
    link.download = "";
    link.textContent = withSigns(piece.movement.title);
    const facts = document.createElement("span");
    facts.className = "quiet";
    facts.textContent = `${piece.notes} notes · ended ${duration(piece.ended_ago)} ago · MIDI`;
    const item = document.createElement("li");
    item.append(link, facts);
    return item;
  });
  byId("pieces").replaceChildren(...items);
}

/** Whether the board is there: `here`, `gone`, or `locked` without its link. */
export function showConnection(state) {
  document.documentElement.dataset.connection = state;
  const texts = {
    here: "Connected",
    gone: "The board does not answer. Trying again …",
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
