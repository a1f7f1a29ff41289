// Requests to the board. Every refusal is an Error whose message is the board's own line.

const BASE = "/api/v1/";

export class Refusal extends Error {
  /** @param {string} message one line  @param {number} status of HTTP; 0 if nobody answered */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function request(method, path, content, type = "application/json") {
  let answer;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers: content === undefined ? {} : { "Content-Type": type },
      body: content === undefined || content instanceof Blob ? content : JSON.stringify(content),
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new Refusal("The board does not answer.", 0);
  }
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(said.error ?? `refused (${answer.status})`, answer.status);
  return said;
}

export const get = (path) => request("GET", path);
export const change = (settings) => request("PATCH", "settings", settings);
export const giveTheme = (theme) => request("POST", "theme", theme);
export const giveThemeFile = (file) => request("POST", "theme/file", file, "application/octet-stream");
export const command = (name) => request("POST", `commands/${name}`);

/** Play the movement of a link; resolves to why it may be other music here. */
export const follow = (link) => request("POST", "follow", { link });

/** Keep a movement that was played for good, or no longer. */
export const keep = (id) => request("POST", `pieces/${id}/keep`);
export const letGo = (name) => request("DELETE", `kept/${encodeURIComponent(name)}`);

/** Exchange a token for a cookie. */
export const admit = (token) => request("POST", "login", { token });

/** Exchange the token of the printed link for a cookie, and take it out of sight. */
export async function login() {
  const token = location.hash.slice(1);
  if (!token || token.startsWith("play=") || document.getElementById(token)) return;
  history.replaceState(null, "", location.pathname);
  await admit(token);
}
