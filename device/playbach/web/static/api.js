// Requests to the board. Every refusal is an Error whose message is the board's own line.

const BASE = "/api/v1/";

export class Refusal extends Error {
  /** @param {string} message one line  @param {number} status of HTTP; 0 if nobody answered */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function request(method, path, content) {
  let answer;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers: content === undefined ? {} : { "Content-Type": "application/json" },
      body: content === undefined ? undefined : JSON.stringify(content),
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
export const command = (name) => request("POST", `commands/${name}`);

/** Exchange the token of the printed link for a cookie, and take it out of sight. */
export async function login() {
  const token = location.hash.slice(1);
  if (!token || document.getElementById(token)) return;
  history.replaceState(null, "", location.pathname);
  await request("POST", "login", { token });
}
