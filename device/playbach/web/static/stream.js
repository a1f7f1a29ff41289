// The socket: what is going to be heard; opened again and again for as long as the page is open.

import { pageNow } from "./clock.js";

const WAITS = [0.3, 0.7, 1.5, 3, 5]; // seconds before each new attempt, the last again and again
const SILENCE = 7; // seconds after which a socket that says nothing is given up
const PINGS_AT_FIRST = 8;
const PING_EVERY = 2; // seconds

/** Which message goes where; those of a newer board that this page does not know are left alone. */
const HEARERS = {
  status: (listener, said) => listener.hearStatus(said),
  notes: (listener, said) => listener.hearNotes(said),
  withdrawn: (listener, said) => listener.hearWithdrawn(said),
};

/** Tells `listener` of each message, and by `opened()` and `gone()` whether the board is there. */
export class Stream {
  #listener;
  #clock;
  #socket = null;
  #attempt = 0;
  #heard = 0;
  #pings = 0;
  #timer = 0;

  constructor(listener, clock) {
    this.#listener = listener;
    this.#clock = clock;
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/stream`);
    this.#socket = socket;
    this.#heard = pageNow();
    socket.onopen = () => {
      this.#attempt = this.#pings = 0;
      this.#clock.forget();
      this.#listener.opened();
      this.#ping(socket);
    };
    socket.onmessage = ({ data }) => socket === this.#socket && this.#take(data, pageNow());
    socket.onclose = () => this.#lost(socket);
  }

  #take(text, heard) {
    this.#heard = heard;
    const said = JSON.parse(text);
    if (said.type === "pong") this.#clock.hear(said.sent, heard, said.now);
    else HEARERS[said.type]?.(this.#listener, said);
  }

  #ping(socket) {
    if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
    if (pageNow() - this.#heard > SILENCE) {
      this.#lost(socket);
      return;
    }
    socket.send(JSON.stringify({ type: "ping", sent: pageNow() }));
    this.#pings += 1;
    const wait = this.#pings < PINGS_AT_FIRST ? 0.08 : PING_EVERY;
    setTimeout(() => this.#ping(socket), 1000 * wait);
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.close();
    this.#listener.gone();
    const wait = WAITS[Math.min(this.#attempt, WAITS.length - 1)];
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.open(), 1000 * wait);
  }

  #retryNow() {
    if (this.#socket === null) this.open();
  }
}
