// Plays the movement of the first page: notes go onto the audio clock a moment before they are due.

const AHEAD = 1.5; // seconds
const EVERY = 300; // ms
const LEAD = 0.15; // seconds between the tap and the first note

const notes = JSON.parse(document.getElementById("notes").textContent);
const length = Math.max(...notes.map(([onset, duration]) => onset + duration));
const button = document.getElementById("listen");
const now = document.getElementById("now");
const width = document.getElementById("roll").viewBox.baseVal.width;
let context = null;

function stop() {
  context?.close();
  context = null;
  button.textContent = button.dataset.play;
  button.setAttribute("aria-pressed", "false");
  document.body.classList.remove("sounding");
}

function start() {
  context = new AudioContext();
  const mine = context;
  const instrument = new Instrument(mine);
  instrument.output.connect(mine.destination);
  const began = mine.currentTime + LEAD;
  let next = 0;
  const put = () => {
    while (next < notes.length && began + notes[next][0] < mine.currentTime + AHEAD) {
      const [onset, duration, pitch, velocity] = notes[next];
      instrument.play(voiceOf(null), { pitch, velocity, duration }, began + onset);
      next += 1;
    }
    if (mine.currentTime > began + length + 2) stop();
    if (context === mine) setTimeout(put, EVERY);
  };
  const draw = () => {
    if (context !== mine) return;
    const x = (Math.max(mine.currentTime - began, 0) / length) * width;
    now.setAttribute("x1", x);
    now.setAttribute("x2", x);
    requestAnimationFrame(draw);
  };
  put();
  draw();
  button.textContent = button.dataset.stop;
  button.setAttribute("aria-pressed", "true");
  document.body.classList.add("sounding");
}

button.addEventListener("click", () => (context ? stop() : start()));
button.disabled = false;
