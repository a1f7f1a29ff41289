// What a phone's lock screen and a keyboard's media keys show and steer, while the page sounds.

const RATE = 8000; // a second
const SECONDS = 10; // a browser shows no controls for what is shorter than five

/** A WAV file of silence: 8 bits, one channel. */
function silence() {
  const header = new DataView(new ArrayBuffer(44));
  const length = RATE * SECONDS;
  const text = (at, word) => [...word].forEach((letter, n) => header.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + length, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE, true);
  header.setUint32(28, RATE, true);
  header.setUint16(32, 1, true);
  header.setUint16(34, 8, true);
  text(36, "data");
  header.setUint32(40, length, true);
  return new Blob([header, new Uint8Array(length).fill(128)], { type: "audio/wav" });
}

/**
 * Browsers hand those over only to a page with a media element that plays, and a page of Web Audio
 * has none: so it plays silence beside it. That also keeps the page awake in the background.
 */
export class MediaControls {
  #silence = null;

  /** @param {Record<string, () => void>} actions  by name, as of the Media Session API */
  constructor(actions) {
    if (!("mediaSession" in navigator)) return;
    for (const [name, act] of Object.entries(actions)) navigator.mediaSession.setActionHandler(name, act);
  }

  /** To be called from a tap or a key, as browsers demand. */
  start() {
    if (!("mediaSession" in navigator)) return;
    this.#silence ??= Object.assign(new Audio(URL.createObjectURL(silence())), { loop: true });
    // Where it may not play, the page sounds all the same.
    this.#silence.play().catch(() => {});
  }

  stop() {
    this.#silence?.pause();
  }

  /** @param {{suite: string, movement: string}} names  @param {string} transport */
  show({ suite, movement }, transport) {
    if (!("mediaSession" in navigator)) return;
    const session = navigator.mediaSession;
    session.playbackState = transport === "playing" ? "playing" : "paused";
    if (session.metadata?.title === movement && session.metadata.album === suite) return;
    const artwork = [{ src: "/static/icon.png", sizes: "512x512", type: "image/png" }];
    session.metadata = new MediaMetadata({ title: movement, album: suite, artist: "Play Bach", artwork });
  }
}
